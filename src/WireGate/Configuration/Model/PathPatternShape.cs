using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Nodes;
using WireGate.Configuration.Shapes;
using WireGate.Core.Configuration;

namespace WireGate.Configuration.Model;

/// <summary>A pattern of absolute paths.</summary>
internal sealed class PathPatternShape : TextualShape<PathPattern>
{
    protected override string Expected => "an absolute path like /srv/*.log or /srv/**, without //, . or .., and no / at its end";

    public override JsonObject Schema() => new() { ["type"] = "string", ["pattern"] = "^/" };

    public override JsonNode Write(PathPattern value) => JsonValue.Create(value.Text);

    protected override bool TryRead(ScalarNode node, ReadContext context, [MaybeNullWhen(false)] out PathPattern value)
    {
        if (!PathPattern.TryParse(node.Text, out value))
        {
            context.Report(node, $"expected {Expected}");
        }

        return value is not null;
    }
}
