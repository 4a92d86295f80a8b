pub const PLAIN: &str = "aaaaaaaa";
