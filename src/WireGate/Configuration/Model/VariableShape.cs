using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Nodes;
using WireGate.Configuration.Shapes;
using WireGate.Core.Configuration;

namespace WireGate.Configuration.Model;

/// <summary>The name of a variable of the environment, or a pattern of such names.</summary>
internal sealed class VariableShape : TextualShape<NamePattern>
{
    private static readonly TextShape Name = new(
        "the name of a variable, or of a family of them like APP_*: any other * would stand for what shells and programs run, like PS4 and PATH",
        "^_*[A-Za-z0-9][A-Za-z0-9_]{0,126}_\\*$|^[A-Za-z0-9_]{1,128}$");

    protected override string Expected => "the name of a variable";

    public override JsonObject Schema() => Name.Schema();

    public override JsonNode Write(NamePattern value) => JsonValue.Create(value.Text);

    protected override bool TryRead(ScalarNode node, ReadContext context, [MaybeNullWhen(false)] out NamePattern value)
    {
        value = Name.TryRead(node, context, out string? name) ? new NamePattern(name) : null;
        return value is not null;
    }
}
