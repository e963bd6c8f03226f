using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Nodes;
using WireGate.Configuration.Shapes;
using WireGate.Core.Configuration;
using WireGate.Core.Policy.Facts;

namespace WireGate.Configuration.Model;

/// <summary>One of <c>exec</c> of a rule: a whole string, or <c>{ argv: [ … ] }</c>.</summary>
internal sealed class CommandShape : Shape<CommandPattern>
{
    private const string Argv = "argv";

    // A command may go over several lines.
    private static readonly TextShape Whole = new("a command, without a line end behind it", @"^[^\u0000-\u0008\u000b-\u001f\u007f]+$");

    private readonly ListShape<string> _words = new(new TextShape("a word"), least: 1);

    public override JsonObject Schema() => new()
    {
        ["anyOf"] = new JsonArray(
            Whole.Schema(),
            new JsonObject
            {
                ["type"] = "object",
                ["properties"] = new JsonObject { [Argv] = _words.Schema() },
                ["required"] = new JsonArray(Argv),
                ["additionalProperties"] = false,
            }),
    };

    public override JsonNode Write(CommandPattern value) =>
        value.Exact is { } exact ? JsonValue.Create(exact) : new JsonObject { [Argv] = _words.Write(value.Argv) };

    public override bool TryRead(ConfigNode node, ReadContext context, [MaybeNullWhen(false)] out CommandPattern value)
    {
        value = null;
        if (node is not MapNode map)
        {
            value = Whole.TryRead(node, context, out string? exact) ? CommandPattern.Of(exact) : null;
            return value is not null;
        }

        if (map.Entries is not [{ Key: Argv } argv])
        {
            context.Report(node, "expected a command, or { argv: [ … ] } with its words");
            return false;
        }

        if (!_words.TryRead(argv.Value, context, out ImmutableArray<string> words))
        {
            return false;
        }

        if (!CommandPattern.TryParse(words, out value, out int wrong, out string? problem))
        {
            context.Report(((ListNode)argv.Value).Items[wrong], problem);
        }

        return value is not null;
    }
}

/// <summary><c>sftp</c> of a rule.</summary>
internal sealed class SftpMatchShape : MapShape<SftpMatchConfig>
{
    private readonly Key<ImmutableArray<SftpActions>> _operations;
    private readonly Key<ImmutableArray<PathPattern>> _paths;

    public SftpMatchShape()
    {
        _operations = OptionalValue<ImmutableArray<SftpActions>>(
            "operations",
            new ListShape<SftpActions>(new ChoiceShape<SftpActions>([.. SftpWords.All]), least: 1, unique: true),
            s => s.Operations is { } actions ? [.. SftpWords.All.Select(w => w.Action).Where(a => (actions & a) != 0)] : null,
            "What is done. Without, any; but what cannot be known, other, must be named here to be allowed.");
        _paths = OptionalValue<ImmutableArray<PathPattern>>(
            "paths",
            new ListShape<PathPattern>(new PathPatternShape(), least: 1, unique: true),
            s => s.Paths.IsEmpty ? null : s.Paths,
            "Absolute paths as the client writes them, links not followed: * within a part, ** for any number of parts. Without, any.");
    }

    protected override SftpMatchConfig Build(MapValues values) => new()
    {
        Operations = values.TryGet(_operations, out ImmutableArray<SftpActions> actions) ? actions.Aggregate((a, b) => a | b) : null,
        Paths = values.Get(_paths, []),
    };
}

/// <summary><c>copy</c> of a rule.</summary>
internal sealed class CopyMatchShape : MapShape<CopyMatchConfig>
{
    private readonly Key<ImmutableArray<CopyPrograms>> _with;
    private readonly Key<ImmutableArray<CopyActions>> _operations;
    private readonly Key<ImmutableArray<PathPattern>> _paths;

    public CopyMatchShape()
    {
        _with = OptionalValue<ImmutableArray<CopyPrograms>>(
            "with",
            new ListShape<CopyPrograms>(new ChoiceShape<CopyPrograms>([.. CopyWords.Programs]), least: 1, unique: true),
            c => c.With is { } programs ? [.. CopyWords.Programs.Select(w => w.Program).Where(p => (programs & p) != 0)] : null,
            "The programs. Without, any.");
        _operations = OptionalValue<ImmutableArray<CopyActions>>(
            "operations",
            new ListShape<CopyActions>(new ChoiceShape<CopyActions>([.. CopyWords.Actions]), least: 1, unique: true),
            c => c.Operations is { } actions ? [.. CopyWords.Actions.Select(w => w.Action).Where(a => (actions & a) != 0)] : null,
            "What is done on the upstream: read or write. Without, both.");
        _paths = OptionalValue<ImmutableArray<PathPattern>>(
            "paths",
            new ListShape<PathPattern>(new PathPatternShape(), least: 1, unique: true),
            c => c.Paths.IsEmpty ? null : c.Paths,
            "Absolute paths as the client sends them, and what is below: * within a part, ** for any number of parts. Without, any.");
    }

    protected override CopyMatchConfig Build(MapValues values) => new()
    {
        With = values.TryGet(_with, out ImmutableArray<CopyPrograms> programs) ? programs.Aggregate((a, b) => a | b) : null,
        Operations = values.TryGet(_operations, out ImmutableArray<CopyActions> actions) ? actions.Aggregate((a, b) => a | b) : null,
        Paths = values.Get(_paths, []),
    };
}

/// <summary>One of <c>requests</c> of a rule.</summary>
internal sealed class RequestPatternShape : TextualShape<RequestPattern>
{
    protected override string Expected => "the name of a request, like name@example.com or \"*@example.com\"";

    public override JsonObject Schema() => new() { ["type"] = "string", ["pattern"] = "^[!-+.-~-]{1,64}$" };

    public override JsonNode Write(RequestPattern value) => JsonValue.Create(value.Text);

    protected override bool TryRead(ScalarNode node, ReadContext context, [MaybeNullWhen(false)] out RequestPattern value)
    {
        if (!RequestPattern.TryParse(node.Text, out value, out string? problem))
        {
            context.Report(node, problem);
        }

        return value is not null;
    }
}

/// <summary>One of <c>forward</c> of a rule: <c>host:port</c>, a socket, <c>agent</c>, <c>x11</c>, or <c>{ listen: … }</c>.</summary>
internal sealed class ForwardShape : Shape<ForwardPattern>
{
    private const string Listen = "listen";
    private const string Tunnel = "tun";
    private const string Place = "host:port or the path of a socket, like \"*.internal:443\", \"[::1]:8000-8010\" or /run/x.sock";

    public override JsonObject Schema() => new()
    {
        ["anyOf"] = new JsonArray(
            new JsonObject { ["type"] = "string", ["pattern"] = "^(/.*|.+:[0-9*-]+|agent|x11)$" },
            new JsonObject
            {
                ["type"] = "object",
                ["properties"] = new JsonObject { [Listen] = new JsonObject { ["type"] = "string", ["pattern"] = "^(/.*|.+:[0-9*-]+)$" } },
                ["required"] = new JsonArray(Listen),
                ["additionalProperties"] = false,
            }),
    };

    public override JsonNode Write(ForwardPattern value) => value.IsListen ? new JsonObject { [Listen] = value.Text } : JsonValue.Create(value.Text);

    public override bool TryRead(ConfigNode node, ReadContext context, [MaybeNullWhen(false)] out ForwardPattern value)
    {
        value = null;
        bool isListen = node is MapNode { Entries: [{ Key: Listen }] };
        ConfigNode written = isListen ? ((MapNode)node).Entries[0].Value : node;
        if (written is not ScalarNode { ScalarKind: ScalarKind.Text } text)
        {
            context.Report(written, isListen ? $"expected {Place}, found {written.Kind}" : $"expected {Place}, agent, x11, or {{ listen: … }}, found {written.Kind}");
        }
        else if (text.Text == Tunnel)
        {
            context.Report(written, "tunnels never pass, remove it");
        }
        else if (!ForwardPattern.TryParse(text.Text, isListen, out value))
        {
            context.Report(written, isListen ? $"expected {Place}" : $"expected {Place}; or agent, x11, or {{ listen: … }}");
        }

        return value is not null;
    }
}
