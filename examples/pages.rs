//! Draws every page and document from made-up rows into a folder, for people to look at or for the
//! browser test: `cargo run --example pages -- OUT_DIR`.
use modelgate::{render, web::views::samples};
use std::{env, error::Error, fs, path::PathBuf};

fn main() -> Result<(), Box<dyn Error>> {
    let out = PathBuf::from(
        env::args().nth(1).ok_or("say where to: cargo run --example pages -- OUT_DIR")?,
    );
    fs::create_dir_all(out.join("assets"))?;
    for name in ["base.css", "app.css", "mark.svg"] {
        fs::write(out.join("assets").join(name), render::asset(name).ok_or(name)?.bytes)?;
    }
    let pages = samples::gallery(&render::Renderer::new()?)?;
    let paths: Vec<String> = pages.iter().map(|(name, _)| format!("/{name}.html\n")).collect();
    for (name, text) in &pages {
        fs::write(out.join(format!("{name}.html")), text)?;
    }
    fs::write(out.join("audit.csv"), samples::audit().csv())?;
    fs::write(out.join("paths.txt"), paths.concat())?;
    Ok(())
}
