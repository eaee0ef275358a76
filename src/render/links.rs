//! The addresses of links. A service may be below a path of its host, so every address on a page
//! begins with that path: templates write `{{link href}}` and `{{asset "app.css"}}`, handlers ask
//! [`Renderer::address`].
//!
//! [`Renderer::address`]: super::Renderer::address

use super::assets::asset;
use handlebars::{
    Context, Handlebars, Helper, HelperDef, RenderContext, RenderErrorReason, ScopedJson,
};

/// The address of `path`, which begins with `/`, on a service that is below `base`.
pub(super) fn below(base: &str, path: &str) -> String {
    format!("{base}{path}")
}

/// A helper that writes the address of what a template names.
pub(super) struct AddressHelper {
    base: String,
    path: fn(&str) -> Result<String, String>,
}

impl AddressHelper {
    /// `{{link href}}`: the address of a path of this service.
    pub(super) fn link(base: &str) -> Self {
        let path = |path: &str| match path.strip_prefix('/') {
            Some(_) => Ok(path.to_owned()),
            None => Err("a link needs a path that begins with `/`".to_owned()),
        };
        Self { base: base.to_owned(), path }
    }

    /// `{{asset "app.css"}}`: the address of a file, with its digest.
    pub(super) fn asset(base: &str) -> Self {
        let path = |name: &str| {
            let found = asset(name).ok_or_else(|| format!("no asset `{name}`"))?;
            Ok(format!("/assets/{name}?v={}", found.etag.trim_matches('"')))
        };
        Self { base: base.to_owned(), path }
    }
}

impl HelperDef for AddressHelper {
    fn call_inner<'reg: 'rc, 'rc>(
        &self,
        helper: &Helper<'rc>,
        _: &'reg Handlebars<'reg>,
        _: &'rc Context,
        _: &mut RenderContext<'reg, 'rc>,
    ) -> Result<ScopedJson<'rc>, handlebars::RenderError> {
        let named = helper.param(0).and_then(|p| p.value().as_str()).unwrap_or_default();
        let path = (self.path)(named).map_err(RenderErrorReason::Other)?;
        Ok(ScopedJson::Derived(below(&self.base, &path).into()))
    }
}
