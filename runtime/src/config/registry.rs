use super::Env;

/// Base of the schema registry's Confluent API.
pub fn registry_url(env: &Env) -> String {
    env.value(
        "VENDZZ_REGISTRY_URL",
        "http://127.0.0.1:18081/apis/ccompat/v7".to_owned(),
        "schema registry, asked only for an id that schema.id.v1 lacks",
    )
}
