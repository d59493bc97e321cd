//! Puts the files of a repository into the program: those of the folder that `ROOTLINE_SERVED` names.

use std::fs;
use std::path::{Path, PathBuf};
use std::{env, io};

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-env-changed=ROOTLINE_SERVED");
    let served = PathBuf::from(env::var_os("ROOTLINE_SERVED").expect("ROOTLINE_SERVED names a folder"));
    let mut files = String::new();
    collect(&served, "", &mut files)?;
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    fs::write(out.join("files.rs"), format!("static FILES: &[(&str, &[u8])] = &[\n{files}];\n"))
}

fn collect(folder: &Path, above: &str, files: &mut String) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = format!("{above}{}", entry.file_name().to_str().expect("names of a repository are text"));
        match entry.file_type()?.is_dir() {
            true => collect(&entry.path(), &format!("{name}/"), files)?,
            false => *files += &format!("    ({name:?}, include_bytes!({:?})),\n", entry.path()),
        }
    }
    Ok(())
}
