mod inner;

const MAIN: &str = "aaaaaaaa";

fn main() {
    println!("main {}", MAIN);
    println!("inner {}", inner::INNER);
    println!("plain {}", plain::PLAIN);
    println!("text {}", text::TEXT.trim());
    println!("link {}", text::LINK.trim());
    print!("{}", listing::LISTING);
    println!("hidden {}", hidden::HIDDEN);
    println!("macro {}", spelled::MACRO);
    println!("spelled {}", spelled::SPELLED);
}
