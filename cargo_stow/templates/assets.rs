// Files of a package that go into an image as they are: picked from the context, then placed in the image's root.
use crate::pattern::{fits, names, parts};
use crate::tree::{failed, remove};
use std::collections::BTreeSet;
use std::ffi::{CString, OsStr, OsString};
use std::fs;
use std::io::{Error, Result};
use std::os::raw::{c_char, c_int};
use std::os::unix::{ffi::OsStrExt, fs::PermissionsExt};
use std::path::{Path, PathBuf};

pub fn pick(context: &Path, out: &Path, words: &[OsString]) -> Result<()> {
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

pub fn place(from: &Path, owners: &[OsString]) -> Result<()> {
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
