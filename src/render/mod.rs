//! Values to markup: the only module that names handlebars. Templates and assets are compiled in;
//! every template is strict, so that a missing value is an error in a test and not a blank on a
//! page.

mod assets;
mod audit;
mod links;
mod templates;

pub use assets::{Asset, asset};
pub use audit::AuditHtml;

use crate::report::{OperatingCurve, ReleaseReport};
use handlebars::Handlebars;
use serde::Serialize;

/// A value that has its own template.
pub trait Page: Serialize {
    /// The template's path under `templates/`, without its ending.
    const TEMPLATE: &'static str;
}

impl Page for ReleaseReport {
    const TEMPLATE: &'static str = "reports/release";
}

impl Page for OperatingCurve {
    const TEMPLATE: &'static str = "reports/operating-curve";
}

/// A template that does not parse, or a value that it asks for and does not get: always a bug of
/// modelgate.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// A template does not parse.
    #[error("template `{name}` cannot be read: {source}")]
    Template {
        /// Its name.
        name: &'static str,
        /// The reason.
        source: Box<handlebars::TemplateError>,
    },
    /// A page cannot be drawn.
    #[error("page `{name}` cannot be drawn: {source}")]
    Draw {
        /// Its name.
        name: &'static str,
        /// The reason.
        source: Box<handlebars::RenderError>,
    },
}

impl RenderError {
    /// The stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Template { .. } => "template-unreadable",
            Self::Draw { .. } => "page-not-drawn",
        }
    }
}

/// All templates, parsed once.
#[derive(Debug)]
pub struct Renderer {
    registry: Handlebars<'static>,
    base: String,
}

impl Renderer {
    /// Templates for a service at the root of its host, and for documents.
    ///
    /// # Errors
    /// As [`Renderer::below`].
    pub fn new() -> Result<Self, RenderError> {
        Self::below("")
    }

    /// Parses the templates that are compiled in. Every link on a page begins with `base`, the path
    /// that the service is below, such as `/gate`; empty at the root of the host.
    ///
    /// # Errors
    /// When a template does not parse, which a test prevents.
    pub fn below(base: &str) -> Result<Self, RenderError> {
        let mut registry = Handlebars::new();
        registry.set_strict_mode(true);
        // An indented partial would also indent the lines of user text.
        registry.set_prevent_indent(true);
        registry.register_escape_fn(handlebars::html_escape);
        for (name, text) in templates::TEMPLATES.iter().chain(assets::STYLES) {
            registry
                .register_template_string(name, text)
                .map_err(|source| RenderError::Template { name, source: Box::new(source) })?;
        }
        registry.register_helper("asset", Box::new(links::AddressHelper::asset(base)));
        registry.register_helper("link", Box::new(links::AddressHelper::link(base)));
        Ok(Self { registry, base: base.to_owned() })
    }

    /// The path that the service is below; empty at the root of the host.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// The address of `path`, which begins with `/`, as a browser asks for it.
    pub fn address(&self, path: &str) -> String {
        links::below(&self.base, path)
    }

    /// The page as markup.
    ///
    /// # Errors
    /// When the template asks for a value that the page does not have.
    pub fn render<P: Page>(&self, page: &P) -> Result<String, RenderError> {
        let name = P::TEMPLATE;
        self.registry
            .render(name, page)
            .map_err(|source| RenderError::Draw { name, source: Box::new(source) })
    }
}
