using System.Collections.Immutable;
using System.Text.Json.Nodes;

namespace WireGate.Configuration.Shapes;

/// <summary>A list, whose order is kept.</summary>
/// <param name="item">What each item looks like.</param>
/// <param name="least">The fewest items.</param>
/// <param name="unique">True: an item that appears twice is an error.</param>
internal sealed class ListShape<T>(Shape<T> item, int least = 0, bool unique = false) : Shape<ImmutableArray<T>>
    where T : notnull
{
    public override JsonObject Schema()
    {
        var schema = new JsonObject { ["type"] = "array", ["items"] = item.Schema() };
        if (least > 0)
        {
            schema["minItems"] = least;
        }

        if (unique)
        {
            schema["uniqueItems"] = true;
        }

        return schema;
    }

    public override IEnumerable<string> KeyPaths() => item.KeyPaths().Select(p => "[]" + p);

    public override JsonNode Write(ImmutableArray<T> value) => new JsonArray([.. value.Select(item.Write)]);

    public override bool TryRead(ConfigNode node, ReadContext context, out ImmutableArray<T> value)
    {
        value = [];
        if (node is not ListNode list)
        {
            context.Report(node, $"expected a list, found {node.Kind}: write [ … ]");
            return false;
        }

        if (list.Items.Count < least)
        {
            context.Report(node, "the list is empty, name at least one or remove the key");
            return false;
        }

        bool good = true;
        var items = ImmutableArray.CreateBuilder<T>();
        var seen = new HashSet<T>();
        foreach (ConfigNode child in list.Items)
        {
            if (!item.TryRead(child, context, out T? read))
            {
                good = false;
            }
            else if (!seen.Add(read) && unique)
            {
                context.Report(child, "appears twice, remove one");
                good = false;
            }
            else
            {
                items.Add(read);
            }
        }

        value = items.ToImmutable();
        return good;
    }
}

/// <summary>One item, or a list of them.</summary>
internal sealed class OneOrManyShape<T>(Shape<T> item) : Shape<ImmutableArray<T>>
    where T : notnull
{
    private readonly ListShape<T> _list = new(item, least: 1, unique: true);

    public override JsonObject Schema() => new() { ["anyOf"] = new JsonArray(item.Schema(), _list.Schema()) };

    public override IEnumerable<string> KeyPaths() => _list.KeyPaths();

    public override JsonNode Write(ImmutableArray<T> value) => value.Length == 1 ? item.Write(value[0]) : _list.Write(value);

    public override bool TryRead(ConfigNode node, ReadContext context, out ImmutableArray<T> value)
    {
        if (node is ListNode)
        {
            return _list.TryRead(node, context, out value);
        }

        bool good = item.TryRead(node, context, out T? one);
        value = good ? [one!] : [];
        return good;
    }
}

/// <summary>A map from names that the config chooses; the order of the file is kept.</summary>
/// <param name="item">What each value looks like.</param>
/// <param name="least">The fewest entries.</param>
/// <param name="kind">What the names are; null: nothing refers to them.</param>
internal sealed class NamedShape<T>(Shape<T> item, int least = 0, NameKind? kind = null) : Shape<ImmutableArray<KeyValuePair<string, T>>>
    where T : notnull
{
    public override JsonObject Schema()
    {
        var schema = new JsonObject
        {
            ["type"] = "object",
            ["propertyNames"] = new JsonObject { ["pattern"] = Words.NamePattern },
            ["additionalProperties"] = item.Schema(),
        };
        if (least > 0)
        {
            schema["minProperties"] = least;
        }

        return schema;
    }

    public override IEnumerable<string> KeyPaths() => item.KeyPaths().Select(p => ".*" + p);

    public override JsonNode Write(ImmutableArray<KeyValuePair<string, T>> value) =>
        new JsonObject(value.Select(e => KeyValuePair.Create(e.Key, (JsonNode?)item.Write(e.Value))));

    public override bool TryRead(ConfigNode node, ReadContext context, out ImmutableArray<KeyValuePair<string, T>> value)
    {
        value = [];
        if (node is not MapNode map)
        {
            context.Report(node, $"expected names with a value each, found {node.Kind}");
            return false;
        }

        bool good = true;
        if (map.Entries.Count < least)
        {
            context.Report(node, "nothing is in it, name at least one");
            good = false;
        }

        var entries = ImmutableArray.CreateBuilder<KeyValuePair<string, T>>();
        foreach (MapEntry entry in map.Entries)
        {
            if (!Words.IsName(entry.Key))
            {
                context.Report(entry.KeyPosition, entry.Value.Path, $"expected {Words.NameExpected} as the key");
                good = false;
            }

            // Defined before it is read and even if it is bad, so that whoever refers to it is not told that it does not exist.
            if (kind is { } named)
            {
                context.Define(named, entry.Key, entry.Value);
            }

            if (item.TryRead(entry.Value, context, out T? read))
            {
                entries.Add(KeyValuePair.Create(entry.Key, read));
            }
            else
            {
                good = false;
            }
        }

        value = entries.ToImmutable();
        return good;
    }
}
