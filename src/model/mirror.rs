//! Conversion between a type of the domain and the type of a contract that has the same fields.

/// Writes `From` in both directions, field by field. A field that only one of the two types has does
/// not compile: anyone who adds one must decide what each contract does with it.
///
/// After the name of a field stands how its value is converted: not at all, or `one`, `maybe` (an
/// `Option`) or `each` (a `Vec`).
macro_rules! mirror {
    ($contract:ident = $domain:ident { $($field:ident $(: $how:ident)?),* $(,)? }) => {
        impl From<$domain> for $contract {
            fn from(value: $domain) -> Self {
                let $domain { $($field),* } = value;
                Self { $($field: $crate::model::mirror!(@ $field $($how)?)),* }
            }
        }

        impl From<$contract> for $domain {
            fn from(value: $contract) -> Self {
                let $contract { $($field),* } = value;
                Self { $($field: $crate::model::mirror!(@ $field $($how)?)),* }
            }
        }
    };
    (@ $field:ident) => { $field };
    (@ $field:ident one) => { $field.into() };
    (@ $field:ident maybe) => { $field.map(Into::into) };
    (@ $field:ident each) => { $field.into_iter().map(Into::into).collect() };
}
pub(crate) use mirror;
