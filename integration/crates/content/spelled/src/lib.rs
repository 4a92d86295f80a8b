pub const MACRO: &str = spell::name!();
pub const SPELLED: &str = spell::spell!();
