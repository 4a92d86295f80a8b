//! Takes in a job and says so.

use shared::Job;

fn main() {
    println!("{}", accept(&Job::sample()));
}

fn accept(job: &Job) -> String {
    format!("api {}: accepted {job}", env!("CARGO_PKG_VERSION"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_job() {
        assert!(accept(&Job::new(7, "a b")).ends_with(r#"accepted job 7 ("a b")"#));
    }
}
