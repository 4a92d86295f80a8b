//! How fast words are counted: `cargo bench`.

use shared::Job;
use std::hint::black_box;
use std::time::Instant;

const ROUNDS: u32 = 100_000;

fn main() {
    let job = Job::sample();
    let start = Instant::now();
    for _ in 0..ROUNDS {
        black_box(black_box(&job).word_count());
    }
    println!("{:?} a job", start.elapsed() / ROUNDS);
}
