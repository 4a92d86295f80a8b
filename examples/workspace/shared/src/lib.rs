//! What the api and the worker agree on: the form of a job, and how it is done.

use std::fmt;

/// A text whose words are to be counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    id: u32,
    text: String,
}

impl Job {
    pub fn new(id: u32, text: impl Into<String>) -> Self {
        let text = text.into();
        Self { id, text }
    }

    /// The job that both programs show.
    pub fn sample() -> Self {
        Self::new(1, "one crate, one image")
    }

    /// Does the job: counts the words of its text.
    pub fn word_count(&self) -> usize {
        self.text.split_whitespace().count()
    }
}

impl fmt::Display for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "job {} ({:?})", self.id, self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_words() {
        assert_eq!(Job::sample().word_count(), 4);
        assert_eq!(Job::new(2, "").word_count(), 0);
    }

    #[test]
    fn is_shown_with_its_text() {
        assert_eq!(Job::new(7, "a b").to_string(), r#"job 7 ("a b")"#);
    }
}
