// An image without a distribution: of a whole root file system the executables, what the loader loads for them, what it
// has that its base has not, and what programs look for by name. All is root's and of 1970: the same files, the same layer.
use crate::loader::{interpreter, load, Loaded};
use std::collections::{BTreeSet, VecDeque};
use std::ffi::{CString, OsStr, OsString};
use std::fs::{self, File, Metadata};
use std::io::{Error, ErrorKind, Read, Result};
use std::os::raw::{c_char, c_int};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{symlink, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

// What programs look for without being linked with it.
const KNOWN: [&str; 13] = [
    "etc/group", "etc/ld.so.cache", "etc/localtime", "etc/nsswitch.conf", "etc/os-release", "etc/passwd",
    "etc/pki/tls/certs/ca-bundle.crt", "etc/protocols", "etc/services", "etc/ssl/cert.pem",
    "etc/ssl/certs/ca-certificates.crt", "etc/timezone", "usr/share/zoneinfo",
];
// What is a package manager's own, for people, or there for the time being.
const UNUSED: [&str; 17] = [
    "dev", "lib/apk", "proc", "run", "sys", "tmp", "usr/lib/sysimage", "usr/share/bash-completion", "usr/share/doc",
    "usr/share/info", "usr/share/lintian", "usr/share/man", "var/cache", "var/lib/apt", "var/lib/dpkg", "var/lib/rpm",
    "var/log",
];
const MOST_LINKS: usize = 40;

struct Shrinking<'a> { image: &'a Path, out: &'a Path, search: Option<&'a OsStr> }

// Words: [--search DIRS] FILE..., the executables as the image has them.
pub fn shrink(image: &Path, base: &Path, out: &Path, words: &[OsString]) -> Result<()> {
    let is_option = words.first().map_or(false, |word| word == "--search");
    let (search, files) = if is_option { (Some(words[1].as_os_str()), &words[2..]) } else { (None, words) };
    let shrinking = Shrinking { image, out, search };
    fs::create_dir_all(out)?;
    let mut added = vec![];
    differing(image, base, Path::new(""), &mut added)?;
    for path in KNOWN.iter().map(Path::new) { shrinking.bring_all(path)?; }
    for path in &added { shrinking.bring(path)?; }
    let loader = files.iter().find_map(|file| interpreter(&File::open(image.join(inner(file))).ok()?));
    for path in files.iter().map(inner).chain(added.iter().map(PathBuf::as_path)) {
        shrinking.bring_loaded(path, loader.as_deref())?;
    }
    directory(&out.join("tmp"), 0o1777)?;
    for file in files { shrinking.check(inner(file))?; }
    age(out)
}

fn inner<S: AsRef<OsStr> + ?Sized>(path: &S) -> &Path {
    let path = Path::new(path);
    path.strip_prefix("/").unwrap_or(path)
}

// What is in a tree and not, or not so, in its base; directories too, in front of what is in them.
fn differing(image: &Path, base: &Path, path: &Path, found: &mut Vec<PathBuf>) -> Result<()> {
    let mut names = fs::read_dir(image.join(path))?.map(|entry| Ok(entry?.file_name())).collect::<Result<Vec<_>>>()?;
    names.sort();
    for name in names {
        let inner = path.join(name);
        if UNUSED.iter().any(|unused| Path::new(unused) == inner) { continue; }
        let (here, there) = (fs::symlink_metadata(image.join(&inner))?, fs::symlink_metadata(base.join(&inner)).ok());
        let is_same = there.map_or(false, |there| is_alike(&here, &there, &image.join(&inner), &base.join(&inner)));
        if !is_same { found.push(inner.clone()); }
        if here.is_dir() { differing(image, base, &inner, found)?; }
    }
    Ok(())
}

fn is_alike(here: &Metadata, there: &Metadata, image: &Path, base: &Path) -> bool {
    let told = |found: &Metadata| (found.mode(), found.len(), found.mtime(), found.mtime_nsec());
    if here.is_dir() { return there.is_dir(); }
    if here.file_type().is_symlink() { return fs::read_link(image).ok() == fs::read_link(base).ok(); }
    told(here) == told(there)
}

impl Shrinking<'_> {
    // Bring a path, with the directories and links on the way and what a link leads to; returns where it is, if it is there.
    fn bring(&self, path: &Path) -> Result<Option<PathBuf>> {
        let (mut here, mut links) = (PathBuf::new(), 0);
        let mut rest: VecDeque<OsString> = names(path).collect();
        while let Some(name) = rest.pop_front() {
            if name == ".." { here.pop(); continue; }
            let place = here.join(name);
            let found = match fs::symlink_metadata(self.image.join(&place)) {
                Err(ref error) if error.kind() == ErrorKind::NotFound => return Ok(None),
                found => found?,
            };
            if found.file_type().is_symlink() {
                links += 1;
                if links > MOST_LINKS { return Ok(None); }
                let target = fs::read_link(self.image.join(&place))?;
                if fs::symlink_metadata(self.out.join(&place)).is_err() { symlink(&target, self.out.join(&place))?; }
                if target.is_absolute() { here = PathBuf::new(); }
                rest = names(&target).chain(rest).collect();
            } else if found.is_dir() {
                directory(&self.out.join(&place), found.mode())?;
                here = place;
            } else {
                let is_new = fs::symlink_metadata(self.out.join(&place)).is_err();
                if found.is_file() && is_new { fs::copy(self.image.join(&place), self.out.join(&place))?; }
                return Ok(Some(place).filter(|_| found.is_file() && rest.is_empty()));
            }
        }
        Ok(Some(here))
    }

    fn bring_all(&self, path: &Path) -> Result<()> {
        let place = match self.bring(path)? { Some(place) => place, None => return Ok(()) };
        if self.image.join(&place).is_dir() {
            for entry in fs::read_dir(self.image.join(&place))? {
                let entry = entry?;
                let inner = place.join(entry.file_name());
                if entry.file_type()?.is_dir() { self.bring_all(&inner)?; } else { self.bring(&inner)?; }
            }
        }
        Ok(())
    }

    // Bring an executable, or a library, with what it is linked with. Whoever has no loader of its own gets the one given.
    fn bring_loaded(&self, path: &Path, loader: Option<&Path>) -> Result<()> {
        let place = match self.bring(path)? { Some(place) => place, None => return Ok(()) };
        let file = self.image.join(&place);
        if !file.is_file() || !is_elf(&file)? { return Ok(()); }
        let own = interpreter(&File::open(&file)?);
        let loader = match own.as_deref().or(loader) { Some(loader) => loader, None => return Ok(()) };
        // Of what was added, some may not be for this loader: it is there, as in the whole image.
        let loaded = load(self.image, loader, &Path::new("/").join(&place), self.search).unwrap_or_default();
        let wanted: BTreeSet<&Path> = loaded.found.values().map(PathBuf::as_path).chain(own.as_deref()).collect();
        for path in wanted { self.bring(inner(path))?; }
        Ok(())
    }

    fn check(&self, path: &Path) -> Result<()> {
        let loader = match interpreter(&File::open(self.out.join(path))?) { Some(loader) => loader, None => return Ok(()) };
        let Loaded { missing, failure, .. } = load(self.out, &loader, &Path::new("/").join(path), self.search)?;
        let lacks: Vec<String> = missing.into_iter().map(|(name, lack)| format!("{}, which {}", name, lack.reason)).collect();
        if lacks.is_empty() && failure.is_none() { return Ok(()); }
        let reason = if lacks.is_empty() { failure.unwrap_or_default() } else { format!("it needs {}", lacks.join("; ")) };
        Err(Error::new(ErrorKind::Other, format!("the minimal image could not start {}: {}", path.display(), reason)))
    }
}

// The names on a path; the root of an absolute one is where it starts.
fn names(path: &Path) -> impl Iterator<Item = OsString> + '_ {
    let parts = path.iter().filter(|part| *part != "/" && *part != ".");
    parts.map(OsStr::to_os_string)
}

fn directory(path: &Path, mode: u32) -> Result<()> {
    if !path.is_dir() { fs::create_dir(path)?; }
    fs::set_permissions(path, fs::Permissions::from_mode(mode & 0o7777))
}

fn is_elf(file: &Path) -> Result<bool> {
    let mut head = vec![];
    File::open(file)?.take(4).read_to_end(&mut head)?;
    Ok(head == b"\x7fELF")
}

// The standard library sets no time of a link. A `timespec` of zeros is one of zeros, however wide its numbers are.
extern "C" { fn utimensat(directory: c_int, path: *const c_char, times: *const [u64; 4], flags: c_int) -> c_int; }
const HERE: c_int = -100;
const NO_FOLLOW: c_int = 0x100;

fn age(path: &Path) -> Result<()> {
    if fs::symlink_metadata(path)?.is_dir() { for entry in fs::read_dir(path)? { age(&entry?.path())?; } }
    let name = CString::new(path.as_os_str().as_bytes())?;
    match unsafe { utimensat(HERE, name.as_ptr(), &[0; 4], NO_FOLLOW) } { 0 => Ok(()), _ => Err(Error::last_os_error()) }
}
