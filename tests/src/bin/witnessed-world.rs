//! `witnessed-world DIR`: the tiny world with witnesses, in a folder that is made anew.

use std::error::Error;
use std::fs;
use std::path::Path;

use ledgerline_tests::witnessed;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [dir] = &arguments[..] else {
        return Err("usage: witnessed-world DIR".into());
    };
    let dir = Path::new(dir);
    if dir.exists() {
        fs::remove_dir_all(dir)?;
    }
    fs::create_dir_all(dir)?;
    witnessed::make(dir);
    Ok(())
}
