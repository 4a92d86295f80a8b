pub const LISTING: &str = include_str!(concat!(env!("OUT_DIR"), "/listing"));
