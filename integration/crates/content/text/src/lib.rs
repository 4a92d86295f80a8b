pub const TEXT: &str = include_str!("../text.txt");
pub const LINK: &str = include_str!("../link.txt");
