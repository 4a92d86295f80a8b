pub const HIDDEN: &str = env!("HIDDEN");
