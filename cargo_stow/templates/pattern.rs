// Patterns of paths: `*` and `?` within a name, `**` for any names; as `patterns.py` has them.
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

// What is below a directory and matches names, of which `**` stands for any; of no names, all of it, and itself.
pub struct Pattern { pub fixed: PathBuf, pub rest: Vec<String> }

impl Pattern {
    pub fn has(&self, path: &Path) -> bool {
        let inside = path.strip_prefix(&self.fixed).ok();
        inside.map_or(false, |inside| self.rest.is_empty() || fits(&self.rest, &parts(inside), false))
    }
}

pub fn names(rest: &OsStr) -> Vec<String> {
    rest.to_string_lossy().split('/').filter(|name| !name.is_empty()).map(String::from).collect()
}

pub fn parts(path: &Path) -> Vec<String> {
    path.iter().map(|part| part.to_string_lossy().into_owned()).collect()
}

// Whether a path matches names, or is the beginning of one that may.
pub fn fits(names: &[String], parts: &[String], is_beginning: bool) -> bool {
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
