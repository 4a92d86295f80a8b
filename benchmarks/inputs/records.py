"""Generated Rust code, of which a crate can have as much as it should take time to compile. Pure."""

from __future__ import annotations

from string import Template

_IMPORTS = "//! Generated: what such a crate would have of plain code.\n\nuse std::collections::BTreeMap;\n"
_SERDE = "\nuse serde::{Deserialize, Serialize};\n"
_RECORD = Template("""
#[derive(Clone, Debug, Default, PartialEq$derives)]
pub struct Record$n {
    pub name: String,
    pub amount: u64,
    pub tags: Vec<String>,
    pub parts: BTreeMap<String, i64>,
}

impl Record$n {
    pub fn parse(text: &str) -> Option<Self> {
        let mut words = text.split_whitespace();
        let name = words.next()?.to_lowercase();
        let amount = words.next().and_then(|word| word.parse().ok()).unwrap_or($n);
        let mut tags: Vec<String> = words.map(str::to_owned).collect();
        tags.sort_unstable_by_key(|tag| (tag.len() % $odd, tag.clone()));
        tags.dedup();
        let parts = tags.iter().map(|tag| (tag.clone(), tag.len() as i64 * $n)).collect();
        Some(Self { name, amount, tags, parts })
    }

    pub fn merge(&mut self, other: &Self) {
        self.amount = self.amount.wrapping_mul($odd).wrapping_add(other.amount);
        for (key, value) in &other.parts {
            *self.parts.entry(key.clone()).or_insert($n) += value;
        }
        self.tags.extend(other.tags.iter().filter(|tag| tag.len() > $n % 7).cloned());
    }

    pub fn summary(&self) -> String {
        let total: i64 = self.parts.values().filter(|value| **value % $odd != 0).sum();
        let tags = self.tags.iter().rev().take($n).cloned().collect::<Vec<_>>().join("+");
        format!("{}:{}:{total}:{tags}", self.name, self.amount)
    }
}
""")
_CHAIN = """
/// Calls all of the above, so that none of it is dead.
pub fn digest(text: &str) -> u64 {
    let mut sum = 0u64;
"""
_LINK = Template("""    if let Some(mut record) = Record$n::parse(text) {
        record.merge(&record.clone());
        sum = sum.rotate_left(5) ^ record.summary().bytes().map(u64::from).sum::<u64>();
    }
""")


def make_records(count: int, *, serde: bool = False) -> str:
    """Return a module with `count` types and a function `digest` that uses them; `serde` derives its traits too."""
    derives = ", Serialize, Deserialize" if serde else ""
    records = "".join(_RECORD.substitute(n=n, odd=2 * n + 3, derives=derives) for n in range(count))
    links = "".join(_LINK.substitute(n=n) for n in range(count))
    return f"{_IMPORTS}{_SERDE if serde else ''}{records}{_CHAIN}{links}    sum\n}}\n"
