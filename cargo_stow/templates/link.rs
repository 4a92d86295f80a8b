// Whether an image can load executables, which packages of this file system have what it lacks, and what is done with those.
use crate::loader::{interpreter, load, Lack, Loaded};
use crate::owner::owner;
use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::io::{Error, ErrorKind, Result};
use std::os::unix::{ffi::OsStrExt, process::CommandExt};
use std::path::{Path, PathBuf};
use std::{fs, process::Command};

#[derive(Default)]
pub struct Options { image: PathBuf, list: Option<PathBuf>, search: Option<OsString>, files: Vec<PathBuf> }

// What is missing in the image, in words, and what would bring it; `unowned` is what no package can.
#[derive(Default)]
struct Findings { lines: Vec<String>, packages: BTreeSet<String>, libraries: BTreeSet<PathBuf>, unowned: bool }

pub fn parse(words: &[OsString]) -> Options {
    let (mut options, mut rest) = (Options::default(), words.iter().cloned());
    options.image = rest.next().expect("a root file system").into();
    while let Some(word) = rest.next() {
        let mut next = || rest.next().expect("an option's value");
        if word == "--list" { options.list = Some(next().into()); }
        else if word == "--search" { options.search = Some(next()); }
        else { options.files.push(word.into()); }
    }
    options
}

// Fails where something is missing; with a list, for that alone which no package has.
pub fn link(options: &Options) -> Result<()> {
    let mut findings = Findings::default();
    for file in &options.files {
        if let Some(loader) = interpreter(&fs::File::open(file)?) { examine(options, file, &loader, &mut findings)?; }
    }
    match &options.list {
        Some(list) if !findings.unowned => {
            fs::create_dir_all(list)?;
            write_lines(&list.join("packages"), findings.packages.iter().map(|package| package.as_bytes()))?;
            write_lines(&list.join("libraries"), findings.libraries.iter().map(|path| path.as_os_str().as_bytes()))
        }
        _ if findings.lines.is_empty() => Ok(()),
        list => Err(findings.refusal(list.is_some())),
    }
}

fn examine(options: &Options, file: &Path, loader: &Path, findings: &mut Findings) -> Result<()> {
    let name = Path::new(file.file_name().expect("a file's name"));
    let image = load_in(options, file, name, loader)?;
    if image.missing.is_empty() {
        findings.unowned |= image.failure.is_some();
        findings.lines.extend(image.failure);
        return Ok(());
    }
    // Of another machine's loader nothing can be learnt here.
    let here = load(Path::new("/"), loader, file, None).unwrap_or_default();
    for (library, lack) in &image.missing {
        let place = lack.file.as_ref().or_else(|| here.found.get(library));
        let package = place.and_then(|place| owner(place));
        let whose = match (&package, place) {
            (Some(package), _) => format!("it is in the package {}", package),
            (None, Some(place)) => format!("no package has {}", place.display()),
            (None, None) => "and the stage `builder` has not either".into(),
        };
        findings.lines.push(format!("{} needs {}, which {}; {}", name.display(), library, lack.reason, whose));
        findings.unowned |= package.is_none();
        findings.packages.extend(package);
    }
    let new = here.found.into_iter().filter(|(library, _)| !image.found.contains_key(library));
    findings.libraries.extend(new.map(|(_, place)| place));
    Ok(())
}

// An executable goes where the image will have it: what it is linked with may be named relative to that.
fn load_in(options: &Options, file: &Path, name: &Path, loader: &Path) -> Result<Loaded> {
    if fs::symlink_metadata(options.image.join(loader.strip_prefix("/").unwrap_or(loader))).is_err() {
        let lack = Lack { reason: "is its loader, and the image has not".into(), file: Some(loader.into()) };
        let missing = Some((loader.to_string_lossy().into_owned(), lack)).into_iter().collect();
        return Ok(Loaded { missing, ..Loaded::default() });
    }
    let programs = options.image.join("usr/bin");
    fs::create_dir_all(&programs)?;
    fs::copy(file, programs.join(name))?;
    load(&options.image, loader, &Path::new("/usr/bin").join(name), options.search.as_deref())
}

impl Findings {
    fn refusal(&self, is_automatic: bool) -> Error {
        let mut remedies = vec![];
        if !is_automatic && !self.packages.is_empty() {
            let names: Vec<String> = self.packages.iter().map(|package| format!("\"{}\"", package)).collect();
            let automatic = if self.unowned { "" } else { ", or set runtime_deps = \"auto\"" };
            remedies.push(format!("add {} to `runtime_deps` in Cargo.toml{}", names.join(", "), automatic));
        }
        if self.unowned { remedies.push("link what no package has statically, or let one of `build_deps` bring it".into()); }
        let (lines, remedies) = (self.lines.join("\n  "), remedies.join("; "));
        Error::new(ErrorKind::Other, format!("the image could not start its program:\n  {}\nhint: {}", lines, remedies))
    }
}

fn write_lines<'a>(file: &Path, lines: impl Iterator<Item = &'a [u8]>) -> Result<()> {
    fs::write(file, lines.flat_map(|line| line.iter().chain(b"\n").copied()).collect::<Vec<u8>>())
}

fn read_lines(file: &Path) -> Result<Vec<OsString>> {
    let text = fs::read(file)?;
    let lines = text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    Ok(lines.map(|line| OsStr::from_bytes(line).to_os_string()).collect())
}

// Run a command with the lines of a file in the place of a word `@`; an empty file runs nothing.
pub fn with(list: &Path, words: &[OsString]) -> Result<()> {
    let lines = read_lines(list)?;
    if lines.is_empty() { return Ok(()); }
    let filled = words.iter().flat_map(|word| if word == "@" { lines.iter().collect() } else { vec![word] });
    let words: Vec<&OsString> = filled.collect();
    // Comes back only where there is no such program.
    Err(Command::new(words[0]).args(&words[1..]).exec())
}

pub fn present(list: &Path) -> Result<()> {
    let absent = read_lines(list)?.into_iter().find(|file| fs::metadata(file).is_err());
    absent.map_or(Ok(()), |file| Err(Error::new(ErrorKind::NotFound, format!(
        "the program needs {}, which is not in the image, though the package is that had it in the stage `builder`",
        Path::new(&file).display()
    ))))
}
