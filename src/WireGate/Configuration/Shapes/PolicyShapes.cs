using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Text.Json.Nodes;
using WireGate.Core.Configuration;

namespace WireGate.Configuration.Shapes;

/// <summary>A pattern of a name, in which <c>*</c> stands for any run of characters.</summary>
internal sealed class NamePatternShape : TextualShape<NamePattern>
{
    protected override string Expected => "a name, in which * stands for any run of characters";

    public override JsonObject Schema() => new() { ["type"] = "string", ["minLength"] = 1 };

    public override JsonNode Write(NamePattern value) => JsonValue.Create(value.Text);

    protected override bool TryRead(ScalarNode node, ReadContext context, [MaybeNullWhen(false)] out NamePattern value)
    {
        value = node.Text.Length > 0 && !node.Text.Any(char.IsControl) ? new NamePattern(node.Text) : null;
        if (value is null)
        {
            context.Report(node, $"expected {Expected}");
        }

        return value is not null;
    }
}

/// <summary>A table or a function: <c>schema.name</c>. Without a schema it would depend on the session which one is meant.</summary>
internal sealed class RelationShape : TextualShape<RelationPattern>
{
    protected override string Expected => "schema.name, like public.orders or public.orders_*";

    public override JsonObject Schema() => new() { ["type"] = "string", ["pattern"] = @"^[^.\s]+\.[^.\s]+$" };

    public override JsonNode Write(RelationPattern value) => JsonValue.Create(value.ToString());

    protected override bool TryRead(ScalarNode node, ReadContext context, [MaybeNullWhen(false)] out RelationPattern value)
    {
        if (RelationPattern.TryParse(node.Text, out value))
        {
            return true;
        }

        context.Report(node, node.Text.Contains('.', StringComparison.Ordinal)
            ? $"expected {Expected}"
            : $"expected {Expected}: the schema is missing, write public.{node.Text}, or *.{node.Text} for any schema");
        return false;
    }
}

/// <summary>A column: <c>schema.table.column</c>.</summary>
internal sealed class ColumnShape : TextualShape<ColumnPattern>
{
    protected override string Expected => "schema.table.column, like public.customers.ssn or public.customers.card_*";

    public override JsonObject Schema() => new() { ["type"] = "string", ["pattern"] = @"^[^.\s]+\.[^.\s]+\.[^.\s]+$" };

    public override JsonNode Write(ColumnPattern value) => JsonValue.Create(value.ToString());

    protected override bool TryRead(ScalarNode node, ReadContext context, [MaybeNullWhen(false)] out ColumnPattern value)
    {
        if (ColumnPattern.TryParse(node.Text, out value))
        {
            return true;
        }

        context.Report(node, $"expected {Expected}");
        return false;
    }
}

/// <summary>A path to members of JSON: <c>$..token</c>.</summary>
internal sealed class JsonPathShape : TextualShape<JsonPath>
{
    protected override string Expected => "a path to members of JSON, like $..token or $.items[*].email";

    public override JsonObject Schema() => new() { ["type"] = "string", ["pattern"] = @"^\$[.\[]" };

    public override JsonNode Write(JsonPath value) => JsonValue.Create(value.Text);

    protected override bool TryRead(ScalarNode node, ReadContext context, [MaybeNullWhen(false)] out JsonPath value)
    {
        if (JsonPath.TryParse(node.Text, out value, out string? problem))
        {
            return true;
        }

        context.Report(node, $"expected {Expected}: {problem}");
        return false;
    }
}

/// <summary>A network: <c>10.0.0.0/8</c>. Bits beyond the prefix are an error, whoever wrote them meant something else.</summary>
internal sealed class NetworkShape : TextualShape<IPNetwork>
{
    protected override string Expected => "a network like 10.0.0.0/8 without bits beyond its prefix";

    public override JsonObject Schema() => new() { ["type"] = "string", ["pattern"] = "^[0-9A-Fa-f.:]+/[0-9]{1,3}$" };

    public override JsonNode Write(IPNetwork value) => JsonValue.Create(value.ToString());

    protected override bool TryRead(ScalarNode node, ReadContext context, out IPNetwork value)
    {
        // What does not read back as itself is an old form of an address, or has bits that would be dropped in silence.
        if (IPNetwork.TryParse(node.Text, out value) && string.Equals(value.ToString(), node.Text, StringComparison.OrdinalIgnoreCase))
        {
            return true;
        }

        context.Report(node, $"expected {Expected}");
        return false;
    }
}

/// <summary>The address of a service that speaks HTTP.</summary>
internal sealed class HttpUriShape : TextualShape<Uri>
{
    protected override string Expected => "an http or https URL";

    public override JsonObject Schema() => new() { ["type"] = "string", ["pattern"] = "^https?://" };

    public override JsonNode Write(Uri value) => JsonValue.Create(value.OriginalString);

    protected override bool TryRead(ScalarNode node, ReadContext context, [MaybeNullWhen(false)] out Uri value)
    {
        if (Uri.TryCreate(node.Text, UriKind.Absolute, out value)
            && (value.Scheme == Uri.UriSchemeHttp || value.Scheme == Uri.UriSchemeHttps)
            && value.UserInfo.Length == 0)
        {
            return true;
        }

        context.Report(node, $"expected {Expected}, without a password in it");
        return false;
    }
}

/// <summary>Hours, a list of them, or <c>{ not: … }</c> of either.</summary>
internal sealed class HoursShape : Shape<HoursConfig>
{
    private const string Not = "not";

    private readonly OneOrManyShape<WeeklyHours> _ranges = new(new RangeShape());

    public override JsonObject Schema() => new()
    {
        ["anyOf"] = new JsonArray(
            _ranges.Schema(),
            new JsonObject
            {
                ["type"] = "object",
                ["properties"] = new JsonObject { [Not] = _ranges.Schema() },
                ["required"] = new JsonArray(Not),
                ["additionalProperties"] = false,
            }),
    };

    public override JsonNode Write(HoursConfig value) =>
        value.Not ? new JsonObject { [Not] = _ranges.Write(value.Ranges) } : _ranges.Write(value.Ranges);

    public override bool TryRead(ConfigNode node, ReadContext context, [MaybeNullWhen(false)] out HoursConfig value)
    {
        value = null;
        if (node is MapNode map && map.Entries is not [{ Key: Not }])
        {
            context.Report(node, "expected hours, a list of hours, or { not: … } of either");
            return false;
        }

        bool isNot = node is MapNode;
        if (!_ranges.TryRead(node is MapNode { Entries: [var only] } ? only.Value : node, context, out ImmutableArray<WeeklyHours> ranges))
        {
            return false;
        }

        value = new HoursConfig(ranges, isNot);
        return true;
    }

    private sealed class RangeShape : TextualShape<WeeklyHours>
    {
        protected override string Expected => "hours like \"Mon-Fri 08:00-20:00 Europe/Berlin\"";

        public override JsonObject Schema() => new()
        {
            ["type"] = "string",
            ["pattern"] = "^([A-Z][a-z]{2}([,-][A-Z][a-z]{2})* )?[0-9]{2}:[0-9]{2}-[0-9]{2}:[0-9]{2} [A-Za-z0-9_+/-]+$",
        };

        public override JsonNode Write(WeeklyHours value) => JsonValue.Create(value.Text);

        protected override bool TryRead(ScalarNode node, ReadContext context, [MaybeNullWhen(false)] out WeeklyHours value)
        {
            if (!WeeklyHours.TryParse(node.Text, out value, out string? problem))
            {
                context.Report(node, problem);
                return false;
            }

            return true;
        }
    }
}
