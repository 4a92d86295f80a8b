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
use std::collections::BTreeSet;
use std::ffi::{CString, OsStr, OsString};
use std::io::{Error, ErrorKind, Result};
use std::os::raw::{c_char, c_int};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{symlink, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::SystemTime;
use std::{env, fs, process};

mod link;
mod loader;
mod owner;
mod shrink;

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

// What is below a directory and matches names, of which `**` stands for any; of no names, all of it, and itself.
struct Pattern { fixed: PathBuf, rest: Vec<String> }

#[derive(Default)]
struct Package { name: OsString, directory: PathBuf, roots: Vec<PathBuf>, scripts: Vec<PathBuf>, is_patched: bool }

// What rustc read of the local packages: for libraries and executables, and for build scripts.
#[derive(Default)]
struct Sources { compiled: Paths, scripts: Paths }

fn main() {
    let words: Vec<OsString> = env::args_os().skip(1).collect();
    let done = match words.first().and_then(|verb| verb.to_str()) {
        Some("adopt") => adopt(Path::new(&words[1]), &words[2..]),
        Some("sync") => sync(Path::new(&words[1]), Path::new(&words[2]), &words[3..]),
        Some("forget") => forget(Path::new(&words[1]), &words[2..]),
        Some("pick") => pick(Path::new(&words[1]), Path::new(&words[2]), &words[3..]),
        Some("place") => place(Path::new(&words[1]), &words[2..]),
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

// Files, links and empty directories: what is neither, as a pipe, could not be read.
fn walk(root: &Path, directory: &Path, skipped: &Paths, found: &mut Paths) -> Result<()> {
    let mut is_empty = true;
    for entry in fs::read_dir(root.join(directory))? {
        let entry = entry?;
        let (path, kind) = (directory.join(entry.file_name()), entry.file_type()?);
        is_empty = false;
        if skipped.contains(&path) { continue; }
        if kind.is_dir() { walk(root, &path, skipped, found)?; }
        else if kind.is_file() || kind.is_symlink() { found.insert(path); }
    }
    if is_empty && directory != Path::new("") { found.insert(directory.into()); }
    Ok(())
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

fn same(one: &Path, other: &Path) -> Result<bool> {
    let (a, b) = match (fs::symlink_metadata(one)?, fs::symlink_metadata(other)) {
        (a, Ok(b)) => (a, b),
        _ => return Ok(false),
    };
    if a.file_type() != b.file_type() { return Ok(false); }
    if a.is_dir() { return Ok(true); }
    if a.file_type().is_symlink() { return Ok(fs::read_link(one)? == fs::read_link(other)?); }
    let runs = |mode: u32| mode & 0o111 != 0;
    let alike = a.len() == b.len() && runs(a.permissions().mode()) == runs(b.permissions().mode());
    Ok(alike && fs::read(one)? == fs::read(other)?)
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

fn modified(path: &Path) -> Option<SystemTime> {
    fs::symlink_metadata(path).and_then(|found| found.modified()).ok()
}

// cargo writes down what rustc read of each unit: paths relative to the package if they are within it, else whole ones.
fn sources(build: &Path, options: &Options) -> Result<Sources> {
    let (tree, mut found) = (fs::canonicalize(build.join("src"))?, Sources::default());
    for package in &options.packages {
        let home = tree.join(&package.directory);
        for unit in units(build, &[package.name.clone()])? {
            for file in fs::read_dir(unit)? {
                let file = file?;
                let name = file.file_name();
                if !name.as_bytes().starts_with(b"dep-") { continue; }
                let is_script = name.as_bytes().starts_with(b"dep-build-script");
                let read = if is_script { &mut found.scripts } else { &mut found.compiled };
                let paths = rust_paths(&fs::read(file.path())?).into_iter().map(|path| home.join(path));
                read.extend(paths.filter_map(|path| path.strip_prefix(&tree).ok().map(Path::to_path_buf)));
            }
        }
    }
    Ok(found)
}

// Of a file in cargo's own format, which has changed over time: what ends as a source and stands behind its length.
fn rust_paths(text: &[u8]) -> Vec<PathBuf> {
    let length = |end: usize| text[end - 4..end].iter().rev().fold(0, |sum, byte| sum << 8 | usize::from(*byte));
    let texts = (4..text.len()).filter_map(|start| text.get(start..start.checked_add(length(start))?));
    texts.filter(|text| text.ends_with(b".rs")).map(|text| PathBuf::from(OsStr::from_bytes(text))).collect()
}

fn renew(tree: &Path, roots: &Paths, now: &Paths) -> Result<()> {
    let tree = fs::canonicalize(tree)?;
    let files = roots.intersection(now).filter_map(|root| fs::canonicalize(tree.join(root)).ok());
    // What lies elsewhere is not ours to write.
    for file in files.filter(|file| file.starts_with(&tree) && file.is_file()) {
        let text = fs::read(&file)?;
        fs::write(&file, text)?;
    }
    Ok(())
}

fn copy(context: &Path, tree: &Path, path: &Path) -> Result<()> {
    let (from, to) = (context.join(path), tree.join(path));
    make_way(tree, path)?;
    remove(&to)?;
    match fs::read_link(&from) {
        Ok(target) => symlink(target, &to),
        Err(_) if from.is_dir() => fs::create_dir(&to),
        Err(_) => fs::copy(&from, &to).map(|_| ()),
    }
}

fn lend(context: &Path, tree: &Path, path: &Path) -> Result<()> {
    let (from, to) = (context.join(path), tree.join(path));
    make_way(tree, path)?;
    if fs::read_link(&to).map_or(false, |target| target == from) { return Ok(()); }
    remove(&to)?;
    symlink(from, to)
}

fn stub(tree: &Path, path: &Path) -> Result<()> {
    make_way(tree, path)?;
    if fs::symlink_metadata(tree.join(path)).map(|found| found.len()).unwrap_or(1) != 0 {
        remove(&tree.join(path))?;
        fs::write(tree.join(path), "")?;
    }
    Ok(())
}

// What was a link or a file and is a directory now must not lead the copy elsewhere.
fn make_way(tree: &Path, path: &Path) -> Result<()> {
    let mut directory = tree.to_path_buf();
    for part in path.parent().into_iter().flat_map(|parent| parent.iter()) {
        directory.push(part);
        match fs::symlink_metadata(&directory) {
            Ok(ref found) if found.is_dir() => continue,
            Ok(_) => fs::remove_file(&directory)?,
            Err(_) => {}
        }
        fs::create_dir(&directory)?;
    }
    Ok(())
}

fn remove(path: &Path) -> Result<()> {
    match fs::symlink_metadata(path) {
        Err(_) => Ok(()),
        Ok(ref found) if found.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
    }
}

// With the directories that it leaves empty: scripts list them, and cargo those that `members` has a pattern for.
// A directory in the place of a file is that of newer files, which a sync that was cut short has copied.
fn remove_file(tree: &Path, path: &Path, now: &Paths) -> Result<()> {
    if fs::symlink_metadata(tree.join(path)).map_or(false, |found| !found.is_dir()) { fs::remove_file(tree.join(path))?; }
    for directory in path.ancestors().take_while(|directory| *directory != Path::new("") && !now.contains(*directory)) {
        match fs::remove_dir(tree.join(directory)) {
            Err(ref error) if error.kind() != ErrorKind::NotFound => break,
            _ => {}
        }
    }
    Ok(())
}

fn is_behind_link(tree: &Path, path: &Path) -> bool {
    path.ancestors().skip(1).any(|parent| fs::read_link(tree.join(parent)).is_ok())
}

fn forget(build: &Path, names: &[OsString]) -> Result<()> {
    for unit in units(build, names)? { fs::remove_dir_all(unit)?; }
    Ok(())
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

// Whether the clock went back, or another machine's was ahead: then times say nothing of what was compiled.
fn is_ahead(units: &[PathBuf], now: SystemTime) -> Result<bool> {
    for unit in units {
        for file in fs::read_dir(unit)? {
            if file?.metadata()?.modified()? > now { return Ok(true); }
        }
    }
    Ok(false)
}

// What cargo knows of these packages. A target directory where there is no place for that is of a cargo that keeps it
// elsewhere, and cannot be used again.
fn units(build: &Path, names: &[OsString]) -> Result<Vec<PathBuf>> {
    let (target, mut found) = (build.join("target"), vec![]);
    let places = fingerprints(&target, 2);
    if places.is_empty() { remove(&target)?; }
    for place in places { found.extend(named(&place, names)?); }
    Ok(found)
}

// The directories in another one that are called `<package>-<16 hexadecimal digits>`.
fn named(directory: &Path, names: &[OsString]) -> Result<Vec<PathBuf>> {
    let mut found = vec![];
    if !directory.is_dir() { return Ok(found); }
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let name = entry.file_name();
        let (stem, hash) = name.as_bytes().split_at(name.len().saturating_sub(17));
        if hash.first() == Some(&b'-') && names.iter().any(|wanted| wanted.as_bytes() == stem) { found.push(entry.path()); }
    }
    Ok(found)
}

// In `target/<profile>` and `target/<platform>/<profile>`, whatever a profile is called.
fn fingerprints(directory: &Path, depth: u8) -> Vec<PathBuf> {
    let place = directory.join(".fingerprint");
    if place.is_dir() { return vec![place]; }
    let entries = fs::read_dir(directory).into_iter().flatten().flatten().map(|entry| entry.path());
    let directories = entries.filter(|path| depth > 0 && path.is_dir());
    directories.flat_map(|path| fingerprints(&path, depth - 1)).collect()
}

impl Pattern {
    fn has(&self, path: &Path) -> bool {
        let inside = path.strip_prefix(&self.fixed).ok();
        inside.map_or(false, |inside| self.rest.is_empty() || fits(&self.rest, &parts(inside), false))
    }
}

fn names(rest: &OsStr) -> Vec<String> {
    rest.to_string_lossy().split('/').filter(|name| !name.is_empty()).map(String::from).collect()
}

fn parts(path: &Path) -> Vec<String> {
    path.iter().map(|part| part.to_string_lossy().into_owned()).collect()
}

// Whether a path matches names, or is the beginning of one that may.
fn fits(names: &[String], parts: &[String], is_beginning: bool) -> bool {
    let reached = reach(names, parts, |name| name == "**", |name, part| fits_name(name, part));
    if is_beginning { !reached.is_empty() } else { reached.contains(&names.len()) }
}

fn fits_name(name: &str, part: &str) -> bool {
    let (name, part): (Vec<char>, Vec<char>) = (name.chars().collect(), part.chars().collect());
    let reached = reach(&name, &part, |sign| *sign == '*', |wanted, found| wanted == found || *wanted == '?');
    reached.contains(&name.len())
}

// The places in a pattern to which a text leads, all at once: many stars cost their number, and not a power of it.
fn reach<T>(pattern: &[T], text: &[T], is_star: impl Fn(&T) -> bool, is_fit: impl Fn(&T, &T) -> bool) -> BTreeSet<usize> {
    let open = |places: Vec<usize>| {
        let mut found = BTreeSet::new();
        for mut at in places {
            while found.insert(at) && at < pattern.len() && is_star(&pattern[at]) { at += 1; }
        }
        found
    };
    let mut reached = open(vec![0]);
    for each in text {
        let inside = reached.into_iter().filter(|at| *at < pattern.len());
        let next = inside.filter_map(|at| {
            if is_star(&pattern[at]) { Some(at) } else if is_fit(&pattern[at], each) { Some(at + 1) } else { None }
        });
        reached = open(next.collect());
    }
    reached
}

fn failed(path: &Path, what: &str) -> Error {
    Error::new(ErrorKind::Other, format!("{}: {}", path.display(), what))
}

fn pick(context: &Path, out: &Path, words: &[OsString]) -> Result<()> {
    for (number, asset) in words.chunks(5).enumerate() {
        let (home, rest, target) = (fs::canonicalize(context.join(&asset[0]))?, names(&asset[2]), asset[3].as_bytes());
        let (start, mut found) = (home.join(&asset[1]), vec![]);
        gather(&home, &start, Path::new(""), &rest, &mut vec![], &mut found)?;
        if found.is_empty() { return Err(failed(&start.join(&asset[2]), "there is no such file")); }
        let place = out.join(number.to_string()).join(OsStr::from_bytes(&target[1..]));
        let is_name = rest.is_empty() && start.is_file() && !target.ends_with(b"/");
        for (file, within) in found {
            if file.is_dir() { fs::create_dir_all(place.join(within))?; continue; }
            let is_start = within == Path::new("");
            let inside = if is_start { start.file_name().map(PathBuf::from).unwrap_or_default() } else { within };
            let to = if is_name { place.clone() } else { place.join(inside) };
            fs::create_dir_all(to.parent().unwrap_or(out))?;
            fs::copy(&file, &to)?;
            let runs = fs::metadata(&file)?.permissions().mode() & 0o111 != 0;
            let given = u32::from_str_radix(&asset[4].to_string_lossy(), 8).ok();
            fs::set_permissions(&to, fs::Permissions::from_mode(given.unwrap_or(if runs { 0o755 } else { 0o644 })))?;
        }
    }
    Ok(())
}

// Files that match, and empty directories where all is wanted, each with its path below the start; links are followed.
fn gather(home: &Path, path: &Path, within: &Path, rest: &[String], above: &mut Vec<PathBuf>, found: &mut Vec<(PathBuf, PathBuf)>) -> Result<()> {
    let is_wanted = rest.is_empty() || fits(rest, &parts(within), false);
    let may_be_below = rest.is_empty() || fits(rest, &parts(within), true);
    let is_directory = path.is_dir();
    if !is_wanted && !(is_directory && may_be_below) { return Ok(()); }
    let real = fs::canonicalize(path).map_err(|error| failed(path, &error.to_string()))?;
    if !real.starts_with(home) { return Err(failed(path, "it leads out of the package")); }
    if above.contains(&real) { return Err(failed(path, "it leads to a directory that it lies in")); }
    if real.is_file() { found.push((real, within.into())); return Ok(()); }
    if !is_directory { return Err(failed(path, "it is neither a file nor a directory")); }
    let kept = [".git", ".hg", ".jj", ".svn"];
    let entries = fs::read_dir(path)?.map(|entry| Ok(entry?.file_name())).collect::<Result<BTreeSet<OsString>>>()?;
    if entries.is_empty() && rest.is_empty() { found.push((real.clone(), within.into())); }
    above.push(real);
    for name in entries.iter().filter(|name| !kept.iter().any(|each| name == each)) {
        gather(home, &path.join(name), &within.join(name), rest, above, found)?;
    }
    above.pop();
    Ok(())
}

fn place(from: &Path, owners: &[OsString]) -> Result<()> {
    for (number, owner) in owners.iter().enumerate() {
        put(&from.join(number.to_string()), Path::new("/"), identities(&owner.to_string_lossy())?)?;
    }
    Ok(())
}

// Directories that are there stay as they are, those that are links too.
fn put(from: &Path, to: &Path, owner: (u32, u32)) -> Result<()> {
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        if entry.file_type()?.is_dir() {
            if !target.is_dir() {
                fs::create_dir(&target).map_err(|error| failed(&target, &error.to_string()))?;
                own(&target, owner, 0o755)?;
            }
            put(&source, &target, owner)?;
        } else {
            if target.is_dir() { return Err(failed(&target, "it is a directory, and was to be a file")); }
            remove(&target)?;
            fs::copy(&source, &target).map_err(|error| failed(&target, &error.to_string()))?;
            own(&target, owner, fs::metadata(&source)?.permissions().mode() & 0o777)?;
        }
    }
    Ok(())
}

// The standard library has had this only since 1.73.
extern "C" { fn chown(path: *const c_char, user: u32, group: u32) -> c_int; }

fn own(path: &Path, owner: (u32, u32), mode: u32) -> Result<()> {
    let name = CString::new(path.as_os_str().as_bytes())?;
    if unsafe { chown(name.as_ptr(), owner.0, owner.1) } != 0 { return Err(failed(path, &Error::last_os_error().to_string())); }
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
}

// Of `user[:group]`, names or numbers; a user's own group where none is said.
fn identities(owner: &str) -> Result<(u32, u32)> {
    let (user, group) = match owner.find(':') {
        Some(at) => (&owner[..at], Some(&owner[at + 1..])),
        None => (owner, None),
    };
    let number = |name: &str, file: &str| name.parse().or_else(|_| look_up(Path::new(file), name, 2));
    let group = match group {
        Some(name) => number(name, "/etc/group")?,
        None => look_up(Path::new("/etc/passwd"), user, 3)?,
    };
    Ok((number(user, "/etc/passwd")?, group))
}

fn look_up(file: &Path, name: &str, field: usize) -> Result<u32> {
    let text = fs::read(file).map_err(|error| failed(file, &error.to_string()))?;
    let text = String::from_utf8_lossy(&text).into_owned();
    let line = text.lines().map(|line| line.split(':').collect::<Vec<_>>()).find(|fields| fields[0] == name);
    let number = line.and_then(|fields| fields.get(field).and_then(|text| text.parse().ok()));
    number.ok_or_else(|| failed(file, &format!("the image has no `{}`", name)))
}
