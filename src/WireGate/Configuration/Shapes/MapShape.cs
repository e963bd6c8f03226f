using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Nodes;

namespace WireGate.Configuration.Shapes;

/// <summary>
/// A map whose keys the model knows. A derived class declares each key once, in its constructor, and builds its record from the values;
/// a key that is not declared cannot be read, and one that is declared is in the schema.
/// </summary>
internal abstract class MapShape<T> : Shape<T>
    where T : notnull
{
    private readonly List<(Key Key, Func<T, JsonNode?> Write)> _keys = [];

    /// <summary>False: missing keys are the loader's business, because another file may have them.</summary>
    protected virtual bool SchemaRequires => true;

    public override JsonObject Schema()
    {
        var properties = new JsonObject();
        foreach ((Key key, _) in _keys)
        {
            JsonObject schema = key.Schema();
            schema["description"] = key.Description;
            properties.Add(key.Name, schema);
        }

        var map = new JsonObject { ["type"] = "object", ["properties"] = properties, ["additionalProperties"] = false };
        JsonNode?[] required = SchemaRequires ? [.. _keys.Where(k => k.Key.Required).Select(k => JsonValue.Create(k.Key.Name))] : [];
        if (required.Length > 0)
        {
            map["required"] = new JsonArray(required);
        }

        return map;
    }

    public override IEnumerable<string> KeyPaths() =>
        _keys.SelectMany(k => k.Key.KeyPaths().Prepend("").Select(p => $".{k.Key.Name}{p}"));

    public override JsonNode Write(T value)
    {
        var map = new JsonObject();
        foreach ((Key key, Func<T, JsonNode?> write) in _keys)
        {
            if (write(value) is { } node)
            {
                map.Add(key.Name, node);
            }
        }

        return map;
    }

    public override bool TryRead(ConfigNode node, ReadContext context, [MaybeNullWhen(false)] out T value)
    {
        value = default;
        if (node is not MapNode map)
        {
            context.Report(node, NotAMap(node));
            return false;
        }

        int before = context.Errors.Count;
        if (!Accept(map, context))
        {
            return false;
        }

        var values = new MapValues(map);
        foreach (MapEntry entry in map.Entries)
        {
            Key? key = _keys.Find(k => k.Key.Name == entry.Key).Key;
            if (key is null)
            {
                context.Report(entry.KeyPosition, entry.Value.Path, $"unknown key, {Suggestion.For(entry.Key, _keys.Select(k => k.Key.Name))}");
            }
            else
            {
                key.Read(entry, context, values);
            }
        }

        foreach ((Key key, _) in _keys)
        {
            if (key.Required && !values.Has(key))
            {
                context.Report(map.Position, map.Path.Length == 0 ? key.Name : $"{map.Path}.{key.Name}", $"missing, add it: {key.Description}");
            }
        }

        Check(values, context);
        if (context.Errors.Count != before)
        {
            return false;
        }

        value = Build(values);
        return true;
    }

    /// <summary>What is said of a value that is no map.</summary>
    protected virtual string NotAMap(ConfigNode node) =>
        $"expected keys, found {node.Kind}; known: {string.Join(", ", _keys.Where(k => k.Key is not NotBuiltKey).Select(k => k.Key.Name))}";

    /// <summary>Looks at the map before its keys are read. False: an error was reported that makes the rest pointless.</summary>
    protected virtual bool Accept(MapNode map, ReadContext context) => true;

    /// <summary>Checks keys against each other. Runs whatever else is wrong, so it finds only those values that could be read.</summary>
    protected virtual void Check(MapValues values, ReadContext context)
    {
    }

    /// <summary>Makes the record. Runs only if nothing is wrong, so every required value is there.</summary>
    protected abstract T Build(MapValues values);

    protected Key<TValue> Required<TValue>(string name, Shape<TValue> shape, Func<T, TValue> get, string description)
        where TValue : notnull =>
        Add(new Key<TValue>(name, required: true, shape, description), value => shape.Write(get(value)));

    /// <summary>A key with a value even where it is not written.</summary>
    protected Key<TValue> Defaulted<TValue>(string name, Shape<TValue> shape, Func<T, TValue> get, string description)
        where TValue : notnull =>
        Add(new Key<TValue>(name, required: false, shape, description), value => shape.Write(get(value)));

    protected Key<TValue> Optional<TValue>(string name, Shape<TValue> shape, Func<T, TValue?> get, string description)
        where TValue : class =>
        Add(new Key<TValue>(name, required: false, shape, description), value => get(value) is { } found ? shape.Write(found) : null);

    protected Key<TValue> OptionalValue<TValue>(string name, Shape<TValue> shape, Func<T, TValue?> get, string description)
        where TValue : struct =>
        Add(new Key<TValue>(name, required: false, shape, description), value => get(value) is { } found ? shape.Write(found) : null);

    /// <summary>A key whose feature does not exist yet: it is refused by name, so nobody believes that it does something.</summary>
    protected void NotBuilt(string name, string what, Action<ConfigNode, ReadContext>? peek = null) =>
        Add(new NotBuiltKey(name, what, peek), _ => null);

    private TKey Add<TKey>(TKey key, Func<T, JsonNode?> write)
        where TKey : Key
    {
        _keys.Add((key, write));
        return key;
    }
}
