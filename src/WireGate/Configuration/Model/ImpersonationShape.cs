using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Nodes;
using WireGate.Configuration.Shapes;
using WireGate.Core.Configuration;

namespace WireGate.Configuration.Model;

/// <summary><c>impersonate</c> of a login.</summary>
internal sealed class ImpersonationShape : MapShape<ImpersonationConfig>
{
    private readonly Key<string> _user;
    private readonly Key<(ImmutableArray<NamePattern> From, string Prefix)> _groups;
    private readonly Key<ImmutableArray<KeyValuePair<string, string>>> _extra;

    public ImpersonationShape()
    {
        _user = Required("user", new VariableTextShape(), i => i.User, "The user, like \"wg:${identity.subject}\".");
        _groups = OptionalValue<(ImmutableArray<NamePattern>, string)>(
            "groups",
            new GroupsShape(),
            i => i.Groups.IsEmpty ? null : (i.Groups, i.GroupPrefix),
            "Which groups of the identity go with it; none by default.");
        _extra = OptionalValue<ImmutableArray<KeyValuePair<string, string>>>(
            "extra",
            new ExtraShape(),
            i => i.Extra.IsEmpty ? null : i.Extra,
            "What else is said of the user, like { placeholder: \"${placeholder.id}\" }.");
    }

    protected override ImpersonationConfig Build(MapValues values)
    {
        (ImmutableArray<NamePattern> from, string prefix) = values.Get(_groups, ([], ""));
        return new ImpersonationConfig { User = values.Get(_user), Groups = from, GroupPrefix = prefix, Extra = values.Get(_extra, []) };
    }

    private sealed class GroupsShape : MapShape<(ImmutableArray<NamePattern> From, string Prefix)>
    {
        private const string OfCluster = "system:";

        private readonly Key<ImmutableArray<NamePattern>> _from;
        private readonly Key<string> _prefix;

        public GroupsShape()
        {
            _from = Required(
                "from",
                new ListShape<NamePattern>(new NamePatternShape(), least: 1, unique: true),
                g => g.From,
                "Those that are meant; * stands for any run of characters.");
            _prefix = Optional(
                "prefix",
                new TextShape("a beginning of names", "^[!-~]+$"),
                g => g.Prefix.Length == 0 ? null : g.Prefix,
                "What their names begin with there, like \"wg:\".");
        }

        protected override void Check(MapValues values, ReadContext context)
        {
            if (values.TryGet(_from, out ImmutableArray<NamePattern> from) && !values.Has(_prefix)
                && from.FirstOrDefault(f => !f.IsExact || f.Text.StartsWith(OfCluster, StringComparison.Ordinal)) is { } wide)
            {
                context.Report(values.Node(_from), $"{wide} may be a group that the cluster has for itself, like system:masters: add a prefix");
            }
        }

        protected override (ImmutableArray<NamePattern> From, string Prefix) Build(MapValues values) => (values.Get(_from), values.Get(_prefix, ""));
    }

    /// <summary>Text with variables in it.</summary>
    private sealed class VariableTextShape : TextualShape<string>
    {
        private static readonly string Known = string.Join(", ", ImpersonationConfig.Variables.Select(v => $"${{{v}}}"));

        protected override string Expected => $"printable text without blanks around it, in which {Known} may stand";

        public override JsonObject Schema() => new() { ["type"] = "string", ["pattern"] = "^[!-~]([ -~]*[!-~])?$" };

        public override JsonNode Write(string value) => JsonValue.Create(value);

        protected override bool TryRead(ScalarNode node, ReadContext context, [MaybeNullWhen(false)] out string value)
        {
            value = node.Text;
            string rest = ImpersonationConfig.Variables.Aggregate(value, (text, variable) => text.Replace($"${{{variable}}}", "", StringComparison.Ordinal));
            bool isPrintable = value.Length > 0 && value[0] != ' ' && value[^1] != ' ' && !value.AsSpan().ContainsAnyExceptInRange(' ', '~');
            bool isGood = isPrintable && !rest.Contains("${", StringComparison.Ordinal);
            if (!isGood)
            {
                context.Report(node, $"expected {Expected}");
            }

            return isGood;
        }
    }

    /// <summary>Keys, which may have more characters than names of the config, each with its text.</summary>
    private sealed class ExtraShape : Shape<ImmutableArray<KeyValuePair<string, string>>>
    {
        private static readonly VariableTextShape Value = new();

        public override JsonObject Schema() => new() { ["type"] = "object", ["additionalProperties"] = Value.Schema(), ["minProperties"] = 1 };

        public override JsonNode Write(ImmutableArray<KeyValuePair<string, string>> value) =>
            new JsonObject(value.Select(e => KeyValuePair.Create(e.Key, (JsonNode?)Value.Write(e.Value))));

        public override bool TryRead(ConfigNode node, ReadContext context, out ImmutableArray<KeyValuePair<string, string>> value)
        {
            value = [];
            if (node is not MapNode { Entries.Count: > 0 } map)
            {
                context.Report(node, "expected a key with its text, like { placeholder: \"${placeholder.id}\" }");
                return false;
            }

            bool good = true;
            var entries = ImmutableArray.CreateBuilder<KeyValuePair<string, string>>();
            foreach (MapEntry entry in map.Entries)
            {
                bool isKey = entry.Key.Length is > 0 and <= 128 && !entry.Key.AsSpan().ContainsAnyExceptInRange('!', '~') && !entry.Key.Any(char.IsAsciiLetterUpper);
                if (!isKey)
                {
                    context.Report(
                        entry.KeyPosition, entry.Value.Path, "expected a key of up to 128 visible characters in lower case, as API servers have them");
                    good = false;
                }

                good &= Value.TryRead(entry.Value, context, out string? text);
                entries.Add(KeyValuePair.Create(entry.Key, text ?? ""));
            }

            value = entries.ToImmutable();
            return good;
        }
    }
}
