//! Does a job and says what came of it.

use shared::Job;

fn main() {
    println!("{}", perform(&Job::sample()));
}

fn perform(job: &Job) -> String {
    let version = env!("CARGO_PKG_VERSION");
    format!(
        "worker {version}: finished {job}: {} words",
        job.word_count()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_the_count() {
        assert!(perform(&Job::new(7, "a b")).ends_with(r#"job 7 ("a b"): 2 words"#));
    }
}
