// What cargo notes of what it compiled, below `.fingerprint`: which files rustc read, and when.
use crate::tree::remove;
use crate::{Options, Paths};
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::Result;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

// What rustc read of the local packages: for libraries and executables, and for build scripts.
#[derive(Default)]
pub struct Sources { pub compiled: Paths, pub scripts: Paths }

// cargo writes down what rustc read of each unit: paths relative to the package if they are within it, else whole ones.
pub(crate) fn sources(build: &Path, options: &Options) -> Result<Sources> {
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

pub fn forget(build: &Path, names: &[OsString]) -> Result<()> {
    for unit in units(build, names)? { fs::remove_dir_all(unit)?; }
    Ok(())
}

// Whether the clock went back, or another machine's was ahead: then times say nothing of what was compiled.
pub fn is_ahead(units: &[PathBuf], now: SystemTime) -> Result<bool> {
    for unit in units {
        for file in fs::read_dir(unit)? {
            if file?.metadata()?.modified()? > now { return Ok(true); }
        }
    }
    Ok(false)
}

// What cargo knows of these packages. A target directory where there is no place for that is of a cargo that keeps it
// elsewhere, and cannot be used again.
pub fn units(build: &Path, names: &[OsString]) -> Result<Vec<PathBuf>> {
    let (target, mut found) = (build.join("target"), vec![]);
    let places = fingerprints(&target, 2);
    if places.is_empty() { remove(&target)?; }
    for place in places { found.extend(named(&place, names)?); }
    Ok(found)
}

// The directories in another one that are called `<package>-<16 hexadecimal digits>`.
pub fn named(directory: &Path, names: &[OsString]) -> Result<Vec<PathBuf>> {
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
pub fn fingerprints(directory: &Path, depth: u8) -> Vec<PathBuf> {
    let place = directory.join(".fingerprint");
    if place.is_dir() { return vec![place]; }
    let entries = fs::read_dir(directory).into_iter().flatten().flatten().map(|entry| entry.path());
    let directories = entries.filter(|path| depth > 0 && path.is_dir());
    directories.flat_map(|path| fingerprints(&path, depth - 1)).collect()
}
