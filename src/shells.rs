//! What both programs tell shells and readers of manuals about their options: completions, and a page in troff.
//!
//! clap writes both out of a description of the command line; each program describes its own, and reads the command line
//! itself.

use clap::Command;
use clap_complete::Shell;
use std::io::{self, Write};

/// Writes the completions for a shell: `bash`, `zsh`, `fish` or `powershell`.
///
/// # Errors
/// When nobody reads them.
pub fn write_completions(shell: Shell, mut description: Command, out: &mut dyn Write) -> io::Result<()> {
    let (mut script, name) = (Vec::new(), description.get_name().to_owned());
    clap_complete::generate(shell, &mut description, name, &mut script);
    out.write_all(&script)
}

/// Writes the manual page; `synopsis` says in troff how the program is started.
///
/// # Errors
/// When nobody reads it.
pub fn write_manual(
    description: Command,
    synopsis: &str,
    examples: &[&str],
    out: &mut dyn Write,
) -> io::Result<()> {
    let page = clap_mangen::Man::new(description);
    page.render_title(out)?;
    page.render_name_section(out)?;
    // clap would list every option here, and put the examples into one paragraph.
    write!(out, ".SH SYNOPSIS\n{synopsis}\n")?;
    page.render_options_section(out)?;
    write!(out, ".SH EXAMPLES\n.nf\n")?;
    for example in examples {
        writeln!(out, "{}", example.replace('\\', "\\e").replace('-', "\\-"))?;
    }
    writeln!(out, ".fi")
}
