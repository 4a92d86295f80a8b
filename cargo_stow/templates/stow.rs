// Freshness by content, for a cargo that decides by time: a file of the tree keeps its time until its content changes.
//   stow adopt BUILD [--skip DIR]...    begin with what is in BUILD/src
//   stow sync CONTEXT BUILD [--skip DIR | --lend PATH | --stub FILE | --shared FILE]...
//           [--asset FIXED REST | --read FIXED REST]...
//           [--package NAME DIR ROOT... [--script FILE] [--patched]]...
//       make BUILD/src what CONTEXT is, with links to what is lent, and empty files where stubs are missing
//   stow forget BUILD NAME...    make cargo compile these packages anew
//   stow pick CONTEXT OUT [HOME FIXED REST TARGET MODE]...
//       gather files for an image, each where it is to be, below OUT/<number>: what matches REST below HOME/FIXED
//   stow place FROM OWNER...    put what was gathered into this root, each number with its owner
// And what the image needs to load what was compiled (link.rs, loader.rs, owner.rs):
//   stow link IMAGE [--search DIRS] [--list DIR] FILE...    refuse executables that IMAGE, a root file system, cannot load;
//       or list the packages and libraries that it lacks
//   stow with LIST WORD...    run a command with what is listed in the place of `@`, if anything is
//   stow present LIST    refuse a file system without the files that are listed
// And for an image without a distribution (shrink.rs):
//   stow shrink IMAGE BASE OUT [--search DIRS] FILE...    make OUT what executables of IMAGE need, and IMAGE has beside BASE
use crate::notes::{fingerprints, forget, is_ahead, named, sources, units, Sources};
use crate::pattern::{names, Pattern};
use crate::tree::{copy, is_behind_link, lend, modified, remove, remove_file, renew, same, stub, walk};
use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::io::{Error, ErrorKind, Result};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::{env, fs, process};

mod assets;
mod link;
mod loader;
mod notes;
mod owner;
mod pattern;
mod shrink;
mod tree;

type Paths = BTreeSet<PathBuf>;

#[derive(Default)]
struct Options {
    skipped: Paths,
    lent: Paths,
    stubs: Paths,
    shared: Paths,
    assets: Vec<Pattern>,
    read: Vec<Pattern>,
    packages: Vec<Package>,
}

#[derive(Default)]
struct Package { name: OsString, directory: PathBuf, roots: Vec<PathBuf>, scripts: Vec<PathBuf>, is_patched: bool }

fn main() {
    let words: Vec<OsString> = env::args_os().skip(1).collect();
    let done = match words.first().and_then(|verb| verb.to_str()) {
        Some("adopt") => adopt(Path::new(&words[1]), &words[2..]),
        Some("sync") => sync(Path::new(&words[1]), Path::new(&words[2]), &words[3..]),
        Some("forget") => forget(Path::new(&words[1]), &words[2..]),
        Some("pick") => assets::pick(Path::new(&words[1]), Path::new(&words[2]), &words[3..]),
        Some("place") => assets::place(Path::new(&words[1]), &words[2..]),
        Some("link") => link::link(&link::parse(&words[1..])),
        Some("with") => link::with(Path::new(&words[1]), &words[2..]),
        Some("present") => link::present(Path::new(&words[1])),
        Some("shrink") => shrink::shrink(Path::new(&words[1]), Path::new(&words[2]), Path::new(&words[3]), &words[4..]),
        _ => Err(Error::new(ErrorKind::InvalidInput, "unknown command")),
    };
    if let Err(error) = done {
        eprintln!("stow: {}", error);
        process::exit(1);
    }
}

fn adopt(build: &Path, options: &[OsString]) -> Result<()> {
    let (tree, mut found) = (build.join("src"), Paths::new());
    walk(&tree, Path::new(""), &parse(options).skipped, &mut found)?;
    renew(&tree, &found, &found)?;
    write_record(&build.join("record"), found)
}

fn sync(context: &Path, build: &Path, options: &[OsString]) -> Result<()> {
    let options = parse(options);
    let (tree, record) = (build.join("src"), build.join("record"));
    fs::create_dir_all(&tree)?;
    let before = read_record(&record)?;
    let synced = modified(&record);
    let mut now = Paths::new();
    walk(context, Path::new(""), &options.skipped, &mut now)?;
    let stubs: Paths = options.stubs.difference(&now).cloned().collect();
    now.extend(stubs.iter().cloned());
    // Of a sync that is cut short, the next one must know what may be there.
    write_record(&record, &before | &now)?;
    let names: Vec<OsString> = options.packages.iter().map(|package| package.name.clone()).collect();
    let ahead = is_ahead(&units(build, &names)?, fs::metadata(&record)?.modified()?)?;
    if ahead { forget(build, &names)?; }
    let gone: Paths = before.difference(&now).cloned().collect();
    let mut fresh = Paths::new();
    for path in now.difference(&stubs) {
        if is_behind_link(&tree, path) || !same(&context.join(path), &tree.join(path))? { fresh.insert(path.clone()); }
    }
    let sources = if fresh.iter().any(|path| is_rust(path)) { sources(build, &options)? } else { Sources::default() };
    // What a script wrote over a file that was sent, it has to write again. (The lock is cargo's to write.)
    let is_ours = |path: &Path| is_manifest(path) || synced.is_none() || modified(&tree.join(path)) <= synced;
    let is_edit = |path: &Path| [context, &tree].iter().all(|root| root.join(path).is_file()) && is_ours(path);
    let is_link = |path: &Path| [context, &tree].iter().any(|root| fs::read_link(root.join(path)).is_ok());
    // A crate that the layer has as a whole may have come with what is skipped.
    let is_skipped = |path: &Path| path.ancestors().any(|parent| options.skipped.contains(parent));
    let mut stale = Paths::new();
    let changed = gone.iter().filter(|path| !is_skipped(path)).chain(&fresh);
    for path in changed.filter(|path| !is_asset(&options, path)) { stale.extend(readers(&options, &sources, path, is_edit(path), is_link(path))); }
    // First of all, so that a sync that is cut short finds the same differences again.
    renew(&tree, &stale, &now)?;
    forget_output(build, &options, &now, |script| ahead || stale.contains(script))?;
    for path in gone.iter().filter(|path| !is_behind_link(&tree, path)) { remove_file(&tree, path, &now)?; }
    for path in &fresh { copy(context, &tree, path)?; }
    for path in &stubs { stub(&tree, path)?; }
    for path in options.lent.iter().filter(|path| !path.ancestors().skip(1).any(|parent| options.lent.contains(parent))) {
        lend(context, &tree, path)?;
    }
    write_record(&record, now)
}

fn parse(words: &[OsString]) -> Options {
    let (mut options, mut rest) = (Options::default(), words.iter());
    while let Some(word) = rest.next() {
        let mut next = || rest.next().expect("an option's value").clone();
        if word == "--skip" { options.skipped.insert(next().into()); }
        else if word == "--lend" { options.lent.insert(next().into()); }
        else if word == "--stub" { options.stubs.insert(next().into()); }
        else if word == "--shared" { options.shared.insert(next().into()); }
        else if word == "--asset" { options.assets.push(Pattern { fixed: next().into(), rest: names(&next()) }); }
        else if word == "--read" { options.read.push(Pattern { fixed: next().into(), rest: names(&next()) }); }
        else if word == "--package" {
            options.packages.push(Package { name: next(), directory: next().into(), ..Package::default() });
        } else {
            let package = options.packages.last_mut().expect("--package goes before what belongs to one");
            if word == "--script" { package.scripts.push(next().into()); }
            else if word == "--patched" { package.is_patched = true; }
            else { package.roots.push(word.into()); }
        }
    }
    options.skipped.extend(options.lent.iter().cloned());
    options
}

fn read_record(file: &Path) -> Result<Paths> {
    let text = match fs::read(file) {
        Err(ref error) if error.kind() == ErrorKind::NotFound => vec![],
        text => text?,
    };
    let paths = text.split(|byte| *byte == 0).filter(|path| !path.is_empty());
    Ok(paths.map(|path| PathBuf::from(OsString::from_vec(path.to_vec()))).collect())
}

fn write_record(file: &Path, paths: Paths) -> Result<()> {
    let new = file.with_extension("new");
    let text: Vec<&[u8]> = paths.iter().map(|path| path.as_os_str().as_bytes()).collect();
    fs::write(&new, text.join(&0))?;
    fs::rename(&new, file)
}

// What nobody is known to read but who told cargo so, which then goes by the time of the copy.
fn is_asset(options: &Options, path: &Path) -> bool {
    let is_in = |patterns: &[Pattern]| patterns.iter().any(|pattern| pattern.has(path));
    !is_rust(path) && !is_manifest(path) && is_in(&options.assets) && !is_in(&options.read)
}

// The files to compile again though their content is the same, because one changed. cargo notices an edit of a file that
// rustc read, or that a build script named; of other files, of those that come and go, and of what else scripts read, only
// scripts and macros know that they do.
fn readers(options: &Options, sources: &Sources, path: &Path, is_edit: bool, is_link: bool) -> Paths {
    let owners = options.packages.iter().filter(|package| path.starts_with(&package.directory));
    let owner = owners.max_by_key(|package| package.directory.components().count()).filter(|_| !is_link);
    let mut found = Paths::new();
    let is_plain = is_edit && is_rust(path) && sources.compiled.contains(path) && !sources.scripts.contains(path);
    if is_plain && !is_link { return found; }
    for package in &options.packages {
        let (is_read, is_run) = match owner {
            // Beside all packages. Such a manifest is the root's, or of a member that is not compiled.
            None if is_manifest(path) && !is_link => (false, !is_edit || options.shared.contains(path)),
            None => (true, true),
            Some(owner) if is_edit && is_manifest(path) => {
                let is_own = *path == owner.directory.join("Cargo.toml") && !options.shared.contains(path);
                (false, !is_own || owner.directory == package.directory)
            }
            // A source that comes or goes can be a module of its own package only. All else, packages within may read;
            // but not those of which the layer had nothing but themselves.
            Some(owner) if owner.directory == package.directory => (true, true),
            Some(_) if package.is_patched || (is_rust(path) && !is_edit) => (false, true),
            Some(owner) => (package.directory.starts_with(&owner.directory), true),
        };
        if is_read { found.extend(package.roots.iter().cloned()); }
        if is_run { found.extend(package.scripts.iter().cloned()); }
    }
    found
}

fn is_manifest(path: &Path) -> bool {
    path.ends_with("Cargo.toml") || path.ends_with("Cargo.lock")
}

fn is_rust(path: &Path) -> bool {
    path.extension() == Some(OsStr::new("rs"))
}

// What scripts wrote that run again now: what an earlier run left, perhaps of another clone, must not be among theirs.
fn forget_output(build: &Path, options: &Options, now: &Paths, is_stale: impl Fn(&PathBuf) -> bool) -> Result<()> {
    let scripted = options.packages.iter().filter(|package| !package.scripts.is_empty());
    let (stale, others): (Vec<_>, Vec<_>) = scripted.partition(|package| package.scripts.iter().any(&is_stale));
    let names: Vec<OsString> = stale.iter().map(|package| package.name.clone()).collect();
    for place in fingerprints(&build.join("target"), 2) {
        for unit in named(&place.with_file_name("build"), &names)? {
            // A crate of a registry may have the same name: its script has to run again, too.
            remove(&place.join(unit.file_name().unwrap_or_default()))?;
            remove(&unit.join("out"))?;
        }
    }
    if stale.is_empty() || !others.is_empty() { return Ok(()); }
    // In the tree, nobody knows who wrote what. Without a lock that was sent, the one there is cargo's.
    let (tree, mut found) = (build.join("src"), Paths::new());
    walk(&tree, Path::new(""), &options.skipped, &mut found)?;
    for path in found.difference(now).filter(|path| !path.ends_with("Cargo.lock")) { remove_file(&tree, path, now)?; }
    Ok(())
}
