//! Says hello, and does a few things worth trying in a container.

use std::io::{self, Write};
use std::process::ExitCode;
use std::{env, fs};

const USAGE: &str = "usage: greeter [NAME | --echo | --exit N | --wait | --whoami]";

fn main() -> ExitCode {
    let args: Vec<String> = env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    run(&args).unwrap_or_else(|error| {
        eprintln!("greeter: {error}");
        ExitCode::FAILURE
    })
}

fn run(args: &[&str]) -> io::Result<ExitCode> {
    match args {
        [] => println!("{}", greeting("world")),
        ["--echo"] => {
            io::copy(&mut io::stdin(), &mut io::stdout())?;
            io::stdout().flush()?;
        }
        ["--exit", code] => return Ok(code.parse::<u8>().map_or_else(|_| usage(), ExitCode::from)),
        ["--wait"] => {
            println!("waiting");
            io::stdout().flush()?;
            io::copy(&mut io::stdin(), &mut io::sink())?;
        }
        ["--whoami"] => {
            let status = fs::read_to_string("/proc/self/status")?;
            let (uid, gid) = (effective_id(&status, "Uid:"), effective_id(&status, "Gid:"));
            println!("uid={} gid={}", uid.unwrap_or("?"), gid.unwrap_or("?"));
        }
        [name] if !name.starts_with('-') => println!("{}", greeting(name)),
        _ => return Ok(usage()),
    }
    Ok(ExitCode::SUCCESS)
}

fn greeting(name: &str) -> String {
    format!("Hello, {name}!")
}

fn usage() -> ExitCode {
    eprintln!("{USAGE}");
    ExitCode::from(2)
}

/// The effective id from a line such as `Uid:  real  effective  saved  filesystem`.
fn effective_id<'a>(status: &'a str, key: &str) -> Option<&'a str> {
    let ids = status.lines().find_map(|line| line.strip_prefix(key))?;
    ids.split_whitespace().nth(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn greets_by_name() {
        assert_eq!(greeting("Ferris"), "Hello, Ferris!");
    }

    #[test]
    fn reads_the_effective_id() {
        let status = "Name:\tgreeter\nUid:\t0\t65532\t0\t0\nGid:\t1\t2\t3\t4\n";
        assert_eq!(effective_id(status, "Uid:"), Some("65532"));
        assert_eq!(effective_id(status, "Gid:"), Some("2"));
        assert_eq!(effective_id(status, "Pid:"), None);
    }
}
