// The package that a file came with, whichever package manager there is.
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::{fs, process::Command};

// Where /lib is a link to /usr/lib, managers know a file by either name; and alternatives are links to a file of a package.
pub fn owner(file: &Path) -> Option<String> {
    let real = fs::canonicalize(file).ok();
    let names = Some(file.to_path_buf()).into_iter().chain(real).flat_map(|name| vec![other_name(&name), Some(name)]);
    names.flatten().find_map(|name| owner_by_name(&name)).filter(|package| is_package(package))
}

fn other_name(file: &Path) -> Option<PathBuf> {
    match file.strip_prefix("/usr") {
        Ok(rest) => Some(Path::new("/").join(rest)),
        Err(_) => Some(Path::new("/usr").join(file.strip_prefix("/").ok()?)),
    }
}

fn owner_by_name(file: &Path) -> Option<String> {
    // To dpkg-query a pattern.
    if file.as_os_str().as_bytes().iter().any(|byte| b"*?[\\".contains(byte)) { return None; }
    let debian = || ask(&["dpkg-query", "--search", "--"], Some(file)).and_then(|said| debian_owner(&said));
    let alpine = || ask(&["apk", "info", "--quiet", "--who-owns"], Some(file));
    let rpm = || ask(&["rpm", "--query", "--queryformat", "%{NAME}\\n", "--file"], Some(file));
    debian().or_else(alpine).or_else(rpm).and_then(|said| said.lines().next().map(|line| line.trim().to_string()))
}

// Lines as "libz1, libz2:amd64: /lib/libz.so.1", and "diversion by x from: /lib/libz.so.1", which names no owner. The
// architecture matters where it is not the machine's own.
fn debian_owner(said: &str) -> Option<String> {
    let is_owner = |line: &&str| !line.starts_with("diversion ") && !line.starts_with("local diversion ");
    let name = said.lines().find(is_owner)?.split_once(": ")?.0.split(", ").next()?;
    let (bare, architecture) = match name.split_once(':') { Some(parts) => parts, None => return Some(name.into()) };
    let own = ask(&["dpkg", "--print-architecture"], None)?;
    Some(if own.trim() == architecture { bare.into() } else { name.into() })
}

fn ask(words: &[&str], file: Option<&Path>) -> Option<String> {
    let said = Command::new(words[0]).args(&words[1..]).args(file).env("LC_ALL", "C").output().ok()?;
    if said.status.success() { String::from_utf8(said.stdout).ok() } else { None }
}

// Nothing that a package manager could take for an option, a file, a pattern or a removal.
fn is_package(name: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric();
    let is_fit = name.bytes().all(|byte| is_plain(byte) || b"+-._:~".contains(&byte));
    is_fit && name.bytes().next().map_or(false, is_plain) && !name.ends_with('-')
}
