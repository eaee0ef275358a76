//! The addresses of links. A service may live below a path of its host, so that every address on a page begins with
//! that path: templates write `{{link href}}` and `{{asset "app.css"}}`, handlers ask [`Renderer::address`].
//!
//! [`Renderer::address`]: super::Renderer::address

use super::assets::asset;
use handlebars::{Context, Handlebars, Helper, HelperDef, RenderContext, RenderErrorReason, ScopedJson};

/// The address of `path`, which begins with `/`, on a service that lives below `base`.
pub(super) fn below(base: &str, path: &str) -> String {
    format!("{base}{path}")
}

/// `{{link href}}`: the address of a path of ours.
pub(super) struct LinkHelper(pub(super) String);

impl HelperDef for LinkHelper {
    fn call_inner<'reg: 'rc, 'rc>(
        &self,
        helper: &Helper<'rc>,
        _: &'reg Handlebars<'reg>,
        _: &'rc Context,
        _: &mut RenderContext<'reg, 'rc>,
    ) -> Result<ScopedJson<'rc>, handlebars::RenderError> {
        let path = helper.param(0).and_then(|p| p.value().as_str()).filter(|path| path.starts_with('/'));
        let path = path.ok_or_else(|| RenderErrorReason::Other("a link needs a path of ours".to_owned()))?;
        Ok(ScopedJson::Derived(below(&self.0, path).into()))
    }
}

/// `{{asset "app.css"}}`: the address of a file, with its digest.
pub(super) struct AssetHelper(pub(super) String);

impl HelperDef for AssetHelper {
    fn call_inner<'reg: 'rc, 'rc>(
        &self,
        helper: &Helper<'rc>,
        _: &'reg Handlebars<'reg>,
        _: &'rc Context,
        _: &mut RenderContext<'reg, 'rc>,
    ) -> Result<ScopedJson<'rc>, handlebars::RenderError> {
        let name = helper.param(0).and_then(|p| p.value().as_str()).unwrap_or_default();
        let found = asset(name).ok_or_else(|| RenderErrorReason::Other(format!("no asset `{name}`")))?;
        let path = format!("/assets/{name}?v={}", found.etag.trim_matches('"'));
        Ok(ScopedJson::Derived(below(&self.0, &path).into()))
    }
}
