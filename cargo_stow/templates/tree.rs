// Files, links and directories of the tree in which cargo works: compared with the context, copied, renewed, removed.
use crate::Paths;
use std::fs;
use std::io::{Error, ErrorKind, Result};
use std::os::unix::fs::{symlink, PermissionsExt};
use std::path::Path;
use std::time::SystemTime;

// Files, links and empty directories: what is neither, as a pipe, could not be read.
pub fn walk(root: &Path, directory: &Path, skipped: &Paths, found: &mut Paths) -> Result<()> {
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

pub fn same(one: &Path, other: &Path) -> Result<bool> {
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

pub fn modified(path: &Path) -> Option<SystemTime> {
    fs::symlink_metadata(path).and_then(|found| found.modified()).ok()
}

pub fn renew(tree: &Path, roots: &Paths, now: &Paths) -> Result<()> {
    let tree = fs::canonicalize(tree)?;
    let files = roots.intersection(now).filter_map(|root| fs::canonicalize(tree.join(root)).ok());
    // What lies elsewhere is not ours to write.
    for file in files.filter(|file| file.starts_with(&tree) && file.is_file()) {
        let text = fs::read(&file)?;
        fs::write(&file, text)?;
    }
    Ok(())
}

pub fn copy(context: &Path, tree: &Path, path: &Path) -> Result<()> {
    let (from, to) = (context.join(path), tree.join(path));
    make_way(tree, path)?;
    remove(&to)?;
    match fs::read_link(&from) {
        Ok(target) => symlink(target, &to),
        Err(_) if from.is_dir() => fs::create_dir(&to),
        Err(_) => fs::copy(&from, &to).map(|_| ()),
    }
}

pub fn lend(context: &Path, tree: &Path, path: &Path) -> Result<()> {
    let (from, to) = (context.join(path), tree.join(path));
    make_way(tree, path)?;
    if fs::read_link(&to).map_or(false, |target| target == from) { return Ok(()); }
    remove(&to)?;
    symlink(from, to)
}

pub fn stub(tree: &Path, path: &Path) -> Result<()> {
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

pub fn remove(path: &Path) -> Result<()> {
    match fs::symlink_metadata(path) {
        Err(_) => Ok(()),
        Ok(ref found) if found.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
    }
}

// With the directories that it leaves empty: scripts list them, and cargo those that `members` has a pattern for.
// A directory in the place of a file is that of newer files, which a sync that was cut short has copied.
pub fn remove_file(tree: &Path, path: &Path, now: &Paths) -> Result<()> {
    if fs::symlink_metadata(tree.join(path)).map_or(false, |found| !found.is_dir()) { fs::remove_file(tree.join(path))?; }
    for directory in path.ancestors().take_while(|directory| *directory != Path::new("") && !now.contains(*directory)) {
        match fs::remove_dir(tree.join(directory)) {
            Err(ref error) if error.kind() != ErrorKind::NotFound => break,
            _ => {}
        }
    }
    Ok(())
}

pub fn is_behind_link(tree: &Path, path: &Path) -> bool {
    path.ancestors().skip(1).any(|parent| fs::read_link(tree.join(parent)).is_ok())
}

pub fn failed(path: &Path, what: &str) -> Error {
    Error::new(ErrorKind::Other, format!("{}: {}", path.display(), what))
}
