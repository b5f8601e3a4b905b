//! The ACL file on disk: read at the start and by ACL LOAD, put in the old one's place in one step by ACL SAVE.

use crate::commands::acl::{Acl, names_default_user};
use crate::config::Config;
use crate::config::values::AclPubsubDefault;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// The users a server begins with.
///
/// # Errors
/// What is wrong with the lines `user` of the configuration, or with the file.
pub(crate) fn first_users(config: &Config) -> Result<Acl, String> {
    let Some(file) = &config.aclfile else { return Acl::configured(config) };
    if !config.users.is_empty() {
        return Err(
            "there are lines `user` as well as an aclfile; users come from one or the other".to_owned()
        );
    }
    let text = read(config)
        .map_err(|error| format!("cannot read the aclfile {}: {error}", path(config).display()))?;
    let mut acl = Acl::default();
    let all_channels = config.acl_pubsub_default == AclPubsubDefault::Allchannels;
    acl.load_file(&file.display().to_string(), &text, all_channels)?;
    if config.requirepass.is_set() && !names_default_user(&text) {
        tracing::warn!(
            "requirepass means nothing beside an aclfile, and the aclfile has no line for the user `default`: \
             clients need no password"
        );
    }
    Ok(acl)
}

/// The text of the ACL file.
pub(super) fn read(config: &Config) -> io::Result<Vec<u8>> {
    fs::read(path(config))
}

/// Puts a new ACL file in the place of the old one, complete or not at all.
pub(super) fn write(config: &Config, text: &[u8]) -> io::Result<()> {
    let path = path(config);
    // The old file may be a link: what it points to is replaced, not the link.
    let path = fs::canonicalize(&path).unwrap_or(path);
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".tmp-{}", std::process::id()));
    let temporary = path.with_file_name(name);
    let written = write_new(&path, &temporary, text).and_then(|()| fs::rename(&temporary, &path));
    if written.is_err() {
        // It may not even have come into being.
        let _ = fs::remove_file(&temporary);
    }
    written?;
    sync_folder(&path)
}

fn path(config: &Config) -> PathBuf {
    config.dir.join(config.aclfile.as_deref().unwrap_or(Path::new("")))
}

/// Writes the new file with the permissions of the old one; without an old one, for nobody else.
fn write_new(old: &Path, new: &Path, text: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    let mut file = options.open(new)?;
    if let Ok(metadata) = fs::metadata(old) {
        file.set_permissions(metadata.permissions())?;
    }
    file.write_all(text)?;
    file.sync_all()
}

/// Makes the new name durable, where the system lets a folder be synced.
#[cfg(unix)]
fn sync_folder(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), |folder| fs::File::open(folder)?.sync_all())
}

/// Makes the new name durable, where the system lets a folder be synced.
#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}
