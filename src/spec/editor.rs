//! JSON Schema of whole documents, for editors: what [`schema`](super::schema) knows of the body, and what
//! the reader accepts beyond it.

use serde_json::{Map, Value, json};

use super::document::{Document, EXTENDS, Header};
use super::schema::Schema;

/// The JSON Schema (draft 2020-12) of documents of type `T`, with documentation, ranges and defaults.
pub fn schema_of<T: Document>() -> Value {
    let mut schema = Schema::of::<T>().into_json();
    offer_bare_names(&mut schema);
    offer_devices(&mut schema);
    add_header(&mut schema);
    if let Some(object) = schema.as_object_mut() {
        object.insert("title".into(), format!("Spikeloom {}", T::KIND).into());
    }
    schema
}

/// Adds the header's fields to the top level. A document that extends another may leave out anything.
fn add_header(schema: &mut Value) {
    let header = header_fields();
    if let Some(choices) = schema.get_mut("oneOf").and_then(Value::as_array_mut) {
        for choice in choices.iter_mut() {
            insert_properties(choice, &header);
        }
        let mut heir = json!({"type": "object", "additionalProperties": false, "required": [EXTENDS]});
        insert_properties(&mut heir, &header);
        choices.push(heir);
        return;
    }
    insert_properties(schema, &header);
    let Some(object) = schema.as_object_mut() else { return };
    if let Some(required) = object.remove("required") {
        object.insert("anyOf".into(), json!([{"required": [EXTENDS]}, {"required": required}]));
    }
}

fn header_fields() -> Map<String, Value> {
    let mut fields = match Schema::of::<Header>().into_json()["properties"].take() {
        Value::Object(fields) => fields,
        _ => Map::new(),
    };
    let extends = json!({
        "description": "The document to build on: the name of a built-in one, or a file relative to this one. \
                        Maps are merged with it; anything else written here replaces what stands there.",
        "type": "string"
    });
    fields.insert(EXTENDS.into(), extends);
    fields
}

fn insert_properties(schema: &mut Value, fields: &Map<String, Value>) {
    let Some(object) = schema.as_object_mut() else { return };
    let properties = object.entry("properties").or_insert_with(|| json!({}));
    if let Some(properties) = properties.as_object_mut() {
        properties.extend(fields.clone());
    }
}

/// The arrays of cores may be named, or built on a device that is named.
fn offer_devices(schema: &mut Value) {
    for holder in ["CoreParams", "GranuleParams"] {
        let Some(array) = schema.pointer_mut(&format!("/$defs/{holder}/properties/array")) else { continue };
        let description = array["description"].take();
        let written = array.take();
        *array = json!({
            "description": description,
            "anyOf": [
                written,
                {"type": "string", "description": "The name of a device, or of a file that describes one."},
                {"type": "object", "required": [EXTENDS], "description": "A device, changed by what is written here."}
            ]
        });
    }
}

/// A choice that needs nothing said about it may be written as its name alone: adds that to every choice.
fn offer_bare_names(schema: &mut Value) {
    let root = schema.clone();
    visit(schema, &root, true);
}

fn visit(schema: &mut Value, root: &Value, top: bool) {
    match schema {
        Value::Array(items) => items.iter_mut().for_each(|item| visit(item, root, false)),
        Value::Object(object) => {
            if let Some(choices) = object.get_mut("oneOf").and_then(Value::as_array_mut).filter(|_| !top) {
                let names: Vec<Value> = choices.iter().filter_map(|choice| bare_name(choice, root)).collect();
                choices.extend(names);
            }
            object.values_mut().for_each(|value| visit(value, root, false));
        }
        _ => {}
    }
}

/// The name alone, if the choice is a map with one key whose value has no field that must be written.
fn bare_name(choice: &Value, root: &Value) -> Option<Value> {
    let properties = choice["properties"].as_object().filter(|properties| properties.len() == 1)?;
    let (name, mut content) = properties.iter().next()?;
    choice["required"].as_array().filter(|required| required.contains(&json!(name)))?;
    if let Some(reference) = content["$ref"].as_str() {
        content = root.pointer(reference.strip_prefix('#')?)?;
    }
    let complete = content["type"] == "object" && content.get("required").is_none();
    let mut alone = json!({"type": "string", "const": name});
    if let Some(description) = choice.get("description") {
        alone["description"] = description.clone();
    }
    complete.then_some(alone)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::ChipDoc;

    fn walk<'v>(value: &'v Value, seen: &mut impl FnMut(&'v Map<String, Value>)) {
        match value {
            Value::Array(items) => items.iter().for_each(|item| walk(item, seen)),
            Value::Object(object) => {
                seen(object);
                object.values().for_each(|value| walk(value, seen));
            }
            _ => {}
        }
    }

    #[test]
    fn every_field_is_explained_and_every_reference_leads_somewhere() {
        let schema = schema_of::<ChipDoc>();
        let mut fields = 0;
        walk(&schema, &mut |object| {
            if let Some(reference) = object.get("$ref").and_then(Value::as_str) {
                assert!(schema.pointer(&reference[1..]).is_some(), "{reference}");
            }
            for (name, field) in object.get("properties").and_then(Value::as_object).into_iter().flatten() {
                let alternative = object.get("description").is_some();
                assert!(field.get("description").is_some() || alternative, "`{name}` is not explained");
                fields += 1;
            }
        });
        assert!(fields > 20, "{fields}");
    }

    #[test]
    fn arrays_may_be_named() {
        let schema = schema_of::<ChipDoc>();
        for holder in ["CoreParams", "GranuleParams"] {
            let array = &schema["$defs"][holder]["properties"]["array"];
            assert!(array["description"].is_string(), "{holder}");
            assert_eq!(array["anyOf"][1]["type"], "string", "{holder}");
        }
    }

    #[test]
    fn the_header_is_part_of_the_schema_and_heirs_may_leave_out_anything() {
        let schema = schema_of::<ChipDoc>();
        for field in ["name", "description", "extends", "topology", "router"] {
            assert!(schema["properties"].get(field).is_some(), "{field}");
        }
        assert_eq!(schema["anyOf"], json!([{"required": ["extends"]}, {"required": ["topology"]}]));
        assert_eq!(schema["properties"]["flit_bits"]["default"], 32);
        assert_eq!(schema["properties"]["flit_bits"]["maximum"], 65536);
    }
}
