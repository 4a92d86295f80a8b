// What the loader of a root file system says of an executable. Nothing is run but the loader, which only lists.
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{Error, Result};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{chroot, FileExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::env;

// Libraries and where they are, those that are missing, and what else the loader has to say where it gave up.
#[derive(Default)]
pub struct Loaded {
    pub found: BTreeMap<String, PathBuf>,
    pub missing: BTreeMap<String, Lack>,
    pub failure: Option<String>,
}

// Why a library cannot be loaded; `file` is where it is, if it is there and does not fit.
pub struct Lack { pub reason: String, pub file: Option<PathBuf> }

pub fn load(root: &Path, loader: &Path, program: &Path, search: Option<&OsStr>) -> Result<Loaded> {
    let is_musl = loader.file_name().map_or(false, |name| name.as_bytes().starts_with(b"ld-musl-"));
    let mut command = Command::new(loader);
    // With --list, glibc's ends at the first library that is missing; musl's knows no variable, and would run the program.
    if is_musl { command.arg("--list"); } else { command.env("LD_TRACE_LOADED_OBJECTS", "1"); }
    let inherited = env::var_os("LD_LIBRARY_PATH").filter(|path| !path.is_empty());
    let paths: Vec<&OsStr> = search.into_iter().chain(inherited.as_deref()).collect();
    if !paths.is_empty() { command.env("LD_LIBRARY_PATH", paths.join(OsStr::new(":"))); }
    let home = root.to_path_buf();
    if root != Path::new("/") { unsafe { command.pre_exec(move || { chroot(&home)?; env::set_current_dir("/") }); } }
    let said = command.arg(program).output().map_err(|error| {
        Error::new(error.kind(), format!("cannot run {} in {}: {}", loader.display(), root.display(), error))
    })?;
    Ok(read(&said))
}

// Lines as "libz.so.1 => /lib/libz.so.1 (0x7f…)" or "libz.so.1 => not found", and of errors, glibc's as
// "<program>: /lib/libz.so.1: version `X' not found (required by …)", and musl's as
// "Error loading shared library libz.so.1: No such file or directory (needed by …)".
fn read(said: &Output) -> Loaded {
    let mut loaded = Loaded::default();
    for line in String::from_utf8_lossy(&said.stdout).lines().map(str::trim) {
        let (name, place) = match line.split_once(" => ") { Some(parts) => parts, None => continue };
        if place == "not found" { loaded.lack(name, "the image has not", None); }
        else { loaded.found.insert(name.into(), place.rsplit_once(" (").map_or(place, |parts| parts.0).into()); }
    }
    let errors = String::from_utf8_lossy(&said.stderr);
    for line in errors.lines() {
        if let Some(rest) = line.strip_prefix("Error loading shared library ") {
            loaded.lack(rest.split_once(": ").map_or(rest, |parts| parts.0), "the image has not", None);
        } else if let Some((file, version)) = outdated(line) {
            let name = file.rsplit('/').next().unwrap_or(file);
            loaded.lack(name, &format!("has no version {} in the image", version), Some(file.into()));
        }
    }
    if !said.status.success() { loaded.failure = Some(errors.trim().replace('\n', "\n  ")); }
    loaded
}

fn outdated(line: &str) -> Option<(&str, &str)> {
    let (before, after) = line.split_once(": version `")?;
    let (version, _) = after.split_once("' not found")?;
    Some((before.rsplit_once(": ")?.1, version))
}

impl Loaded {
    fn lack(&mut self, name: &str, reason: &str, file: Option<PathBuf>) {
        self.missing.entry(name.into()).or_insert(Lack { reason: reason.into(), file });
    }
}

// What an executable names as its loader (System V ABI, chapter 5, "Program Interpreter"); none of what is static.
pub fn interpreter(file: &File) -> Option<PathBuf> {
    let bytes = |start: u64, size: usize| -> Option<Vec<u8>> {
        let mut found = vec![0; size];
        file.read_exact_at(&mut found, start).ok().map(|()| found)
    };
    let kind = bytes(0, 6)?;
    if !kind.starts_with(b"\x7fELF") { return None; }
    let (is_wide, is_little) = (kind[4] == 2, kind[5] == 1);
    let number = |start: u64, size: usize| -> Option<u64> {
        let bytes = bytes(start, size)?;
        let add = |sum: u64, byte: &u8| sum << 8 | u64::from(*byte);
        Some(if is_little { bytes.iter().rev().fold(0, add) } else { bytes.iter().fold(0, add) })
    };
    let field = |start: u64, wide: u64, narrow: u64| {
        if is_wide { number(start.checked_add(wide)?, 8) } else { number(start.checked_add(narrow)?, 4) }
    };
    let (table, sizes) = (field(0, 32, 28)?, if is_wide { 54 } else { 42 });
    let (size, count) = (number(sizes, 2)?, number(sizes + 2, 2)?);
    let mut headers = (0..count).filter_map(|index| table.checked_add(index * size));
    let header = headers.find(|header| number(*header, 4) == Some(3))?;
    let (start, length) = (field(header, 8, 4)?, field(header, 32, 16)?);
    // As long as a path may be.
    let text = bytes(start, length.min(4096) as usize)?;
    let path: PathBuf = OsString::from_vec(text.iter().copied().take_while(|byte| *byte != 0).collect()).into();
    Some(path).filter(|path| path.is_absolute())
}
