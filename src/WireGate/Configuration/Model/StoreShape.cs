using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Nodes;
using WireGate.Configuration.Shapes;

namespace WireGate.Configuration.Model;

/// <summary><c>sqlite:/path</c>; its value is the path.</summary>
internal sealed class StoreShape : TextualShape<string>
{
    private const string Scheme = "sqlite:";

    protected override string Expected => "sqlite: and an absolute path, like sqlite:/var/lib/wiregate/wiregate.db";

    public override JsonObject Schema() => new() { ["type"] = "string", ["pattern"] = @"^sqlite:/[^\u0000-\u001f\u007f]+$" };

    public override JsonNode Write(string value) => JsonValue.Create(Scheme + value);

    protected override bool TryRead(ScalarNode node, ReadContext context, [MaybeNullWhen(false)] out string value)
    {
        value = null;
        if (node.Text.StartsWith("postgres:", StringComparison.Ordinal) || node.Text.StartsWith("postgresql:", StringComparison.Ordinal))
        {
            context.Report(node, "not built yet (a store that a fleet shares), use sqlite:/path");
            return false;
        }

        if (!node.Text.StartsWith(Scheme + "/", StringComparison.Ordinal)
            || node.Text.Length == Scheme.Length + 1
            || node.Text.AsSpan().ContainsAnyInRange('\0', '\u001f'))
        {
            context.Report(node, $"expected {Expected}");
            return false;
        }

        value = node.Text[Scheme.Length..];
        return true;
    }
}
