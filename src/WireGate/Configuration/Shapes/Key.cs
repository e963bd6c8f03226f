using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Nodes;

namespace WireGate.Configuration.Shapes;

/// <summary>One key of a map.</summary>
internal abstract class Key(string name, bool required, string description)
{
    public string Name { get; } = name;

    public bool Required { get; } = required;

    /// <summary>What it is for, in the words that the editor shows.</summary>
    public string Description { get; } = description;

    public abstract JsonObject Schema();

    public virtual IEnumerable<string> KeyPaths() => [];

    public abstract void Read(MapEntry entry, ReadContext context, MapValues values);
}

/// <summary>A key with a value.</summary>
internal sealed class Key<T>(string name, bool required, Shape<T> shape, string description) : Key(name, required, description)
    where T : notnull
{
    public override JsonObject Schema() => shape.Schema();

    public override IEnumerable<string> KeyPaths() => shape.KeyPaths();

    public override void Read(MapEntry entry, ReadContext context, MapValues values)
    {
        values.Add(this, entry.Value);
        if (shape.TryRead(entry.Value, context, out T? value))
        {
            values.Add(this, entry.Value, value);
        }
    }
}

/// <summary>A key that is refused because what it asks for is not built yet.</summary>
internal sealed class NotBuiltKey(string name, string what, Action<ConfigNode, ReadContext>? peek)
    : Key(name, required: false, $"Not built yet: {what}.")
{
    public override JsonObject Schema() => new() { ["not"] = new JsonObject() };

    public override void Read(MapEntry entry, ReadContext context, MapValues values)
    {
        values.Add(this, entry.Value);
        context.Report(entry.KeyPosition, entry.Value.Path, $"not built yet ({what}), remove it");
        peek?.Invoke(entry.Value, context);
    }
}

/// <summary>What was read of one map.</summary>
internal sealed class MapValues(MapNode map)
{
    private readonly Dictionary<Key, (ConfigNode Node, object? Value)> _values = [];

    /// <summary>The map itself.</summary>
    public MapNode Map => map;

    public void Add(Key key, ConfigNode node, object? value = null) => _values[key] = (node, value);

    /// <summary>True: the key is written, with whatever value.</summary>
    public bool Has(Key key) => _values.ContainsKey(key);

    /// <summary>Where the value of a written key stands.</summary>
    public ConfigNode Node(Key key) => _values[key].Node;

    /// <summary>False: the key is not written, or its value is wrong.</summary>
    public bool TryGet<T>(Key<T> key, [MaybeNullWhen(false)] out T value)
        where T : notnull
    {
        if (_values.TryGetValue(key, out (ConfigNode Node, object? Value) found) && found.Value is T good)
        {
            value = good;
            return true;
        }

        value = default;
        return false;
    }

    /// <summary>The value of a key that is required; everything was read before.</summary>
    public T Get<T>(Key<T> key)
        where T : notnull => (T)_values[key].Value!;

    public T Get<T>(Key<T> key, T fallback)
        where T : notnull => TryGet(key, out T? value) ? value : fallback;

    public T? GetOrNull<T>(Key<T> key)
        where T : class => TryGet(key, out T? value) ? value : null;

    public T? GetValueOrNull<T>(Key<T> key)
        where T : struct => TryGet(key, out T value) ? value : null;
}
