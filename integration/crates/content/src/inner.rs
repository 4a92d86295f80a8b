pub const INNER: &str = "aaaaaaaa";
