using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Nodes;
using WireGate.Configuration.Shapes;
using WireGate.Core.Configuration;

namespace WireGate.Configuration.Model;

/// <summary>Members of a JSON body by pointer, each with its values.</summary>
internal sealed class HttpBodyShape : Shape<ImmutableArray<KeyValuePair<JsonPointer, ImmutableArray<NamePattern>>>>
{
    private static readonly OneOrManyShape<NamePattern> Values = new(new NamePatternShape());

    public override JsonObject Schema() => new()
    {
        ["type"] = "object",
        ["propertyNames"] = new JsonObject { ["pattern"] = "^/([^~]|~[01])*$" },
        ["additionalProperties"] = Values.Schema(),
        ["minProperties"] = 1,
    };

    public override JsonNode Write(ImmutableArray<KeyValuePair<JsonPointer, ImmutableArray<NamePattern>>> value) =>
        new JsonObject(value.Select(e => KeyValuePair.Create(e.Key.Text, (JsonNode?)Values.Write(e.Value))));

    public override bool TryRead(ConfigNode node, ReadContext context, out ImmutableArray<KeyValuePair<JsonPointer, ImmutableArray<NamePattern>>> value)
    {
        value = [];
        if (node is not MapNode { Entries.Count: > 0 } map)
        {
            context.Report(node, "expected pointers to members of a JSON body with their values, like { /order/kind: refund }");
            return false;
        }

        bool good = true;
        var entries = ImmutableArray.CreateBuilder<KeyValuePair<JsonPointer, ImmutableArray<NamePattern>>>();
        foreach (MapEntry entry in map.Entries)
        {
            bool isPointer = JsonPointer.TryParse(entry.Key, out JsonPointer? pointer);
            if (!isPointer)
            {
                context.Report(
                    entry.KeyPosition, entry.Value.Path, "expected a pointer to a member as the key, like /order/items/0/sku, in which ~1 stands for / and ~0 for ~");
            }

            bool isRead = Values.TryRead(entry.Value, context, out ImmutableArray<NamePattern> values);
            good &= isPointer && isRead;
            if (good)
            {
                entries.Add(KeyValuePair.Create(pointer!, values));
            }
        }

        value = entries.ToImmutable();
        return good;
    }
}

/// <summary>How long a body is.</summary>
internal sealed class HttpBodySizeShape : MapShape<HttpBodySizeConfig>
{
    public const string MaxKey = "max";
    public const string OverKey = "over";

    private readonly Key<int> _max;
    private readonly Key<int> _over;

    public HttpBodySizeShape()
    {
        var size = new SizeShape(0, int.MaxValue);
        _max = OptionalValue<int>(MaxKey, size, s => (int?)s.Max, "Of an allow: it is no longer than that. One in chunks is cut where it grows longer.");
        _over = OptionalValue<int>(OverKey, size, s => (int?)s.Over, "Of any other rule: it is longer than that, or may be.");
    }

    protected override void Check(MapValues values, ReadContext context)
    {
        if (values.Has(_max) == values.Has(_over))
        {
            context.Report(values.Map, "write max or over");
        }
    }

    protected override HttpBodySizeConfig Build(MapValues values) => new(values.GetValueOrNull(_max), values.GetValueOrNull(_over));
}

/// <summary>What a request is answered.</summary>
internal sealed class HttpResponseShape : MapShape<HttpResponseMatchConfig>
{
    private readonly Key<ImmutableArray<StatusPattern>> _status;
    private readonly Key<ImmutableArray<NamePattern>> _contentType;

    public HttpResponseShape()
    {
        _status = OptionalValue<ImmutableArray<StatusPattern>>(
            "status", new OneOrManyShape<StatusPattern>(new StatusShape()), r => Written(r.Statuses), "Statuses like 404, or classes of them like 4xx. Without, any.");
        _contentType = OptionalValue<ImmutableArray<NamePattern>>(
            "contentType",
            new OneOrManyShape<NamePattern>(new TypeShape()),
            r => Written(r.ContentTypes),
            "Types of the body without parameters; * stands for any run of characters. Without, any.");
    }

    protected override void Check(MapValues values, ReadContext context)
    {
        if (!values.Has(_status) && !values.Has(_contentType))
        {
            context.Report(values.Map, "it says nothing, add status or contentType, or remove it");
        }
    }

    protected override HttpResponseMatchConfig Build(MapValues values) =>
        new() { Statuses = values.Get(_status, []), ContentTypes = values.Get(_contentType, []) };

    private static ImmutableArray<T>? Written<T>(ImmutableArray<T> list) => list.IsEmpty ? null : list;

    private sealed class StatusShape : Shape<StatusPattern>
    {
        public override JsonObject Schema() => new()
        {
            ["anyOf"] = new JsonArray(
                new JsonObject { ["type"] = "integer", ["minimum"] = 100, ["maximum"] = 599 },
                new JsonObject { ["type"] = "string", ["pattern"] = "^[1-5](xx|[0-9]{2})$" }),
        };

        public override JsonNode Write(StatusPattern value) => value.First == value.Last ? JsonValue.Create(value.First) : JsonValue.Create(value.ToString());

        public override bool TryRead(ConfigNode node, ReadContext context, out StatusPattern value)
        {
            if (node is ScalarNode scalar && StatusPattern.TryParse(scalar.Text, out value))
            {
                return true;
            }

            value = default;
            context.Report(node, "expected a status from 100 to 599, or a class of them like 4xx");
            return false;
        }
    }

    private sealed class TypeShape : TextualShape<NamePattern>
    {
        private static readonly TextShape Type = new(
            "a type like application/json or text/*, without parameters", "^[A-Za-z0-9!#$&^_.+*-]+(/[A-Za-z0-9!#$&^_.+*-]+)?$");

        protected override string Expected => "a type like application/json";

        public override JsonObject Schema() => Type.Schema();

        public override JsonNode Write(NamePattern value) => JsonValue.Create(value.Text);

        protected override bool TryRead(ScalarNode node, ReadContext context, [MaybeNullWhen(false)] out NamePattern value)
        {
            value = Type.TryRead(node, context, out string? type) ? new NamePattern(type.ToLowerInvariant()) : null;
            return value is not null;
        }
    }
}
