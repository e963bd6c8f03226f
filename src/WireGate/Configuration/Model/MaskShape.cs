using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Nodes;
using WireGate.Configuration.Shapes;
using WireGate.Core.Configuration;

namespace WireGate.Configuration.Model;

/// <summary>One of <c>masks</c>.</summary>
internal sealed class MaskShape : MapShape<MaskConfig>
{
    private readonly Key<ImmutableArray<ColumnPattern>> _columns;
    private readonly Key<ImmutableArray<JsonPath>> _json;
    private readonly Key<ImmutableArray<MaskDetector>> _detect;
    private readonly Key<bool> _binary;
    private readonly Key<Replacement> _with;
    private readonly Key<bool> _predicates;
    private readonly Key<MaskUnsure> _unsure;

    public MaskShape()
    {
        var detectors = new ChoiceShape<MaskDetector>(
        [
            ("credit-card", MaskDetector.CreditCard),
            ("iban", MaskDetector.Iban),
            ("email", MaskDetector.Email),
            ("phone", MaskDetector.Phone),
            ("us-ssn", MaskDetector.UsSsn),
            ("ip", MaskDetector.Ip),
            ("jwt", MaskDetector.Jwt),
            ("private-key", MaskDetector.PrivateKey),
            ("api-key", MaskDetector.ApiKey),
        ]);
        _columns = OptionalValue<ImmutableArray<ColumnPattern>>(
            "columns",
            new ListShape<ColumnPattern>(new ColumnShape(), least: 1, unique: true),
            m => m.Columns.IsEmpty ? null : m.Columns,
            "The columns that it hides, schema.table.column.");
        _json = OptionalValue<ImmutableArray<JsonPath>>(
            "json",
            new ListShape<JsonPath>(new JsonPathShape(), least: 1, unique: true),
            m => m.Json.IsEmpty ? null : m.Json,
            "The members of JSON in HTTP's responses that it hides, $..token or $.items[*].email.");
        _detect = OptionalValue<ImmutableArray<MaskDetector>>(
            "detect",
            new ListShape<MaskDetector>(detectors, least: 1, unique: true),
            m => m.Detect.IsEmpty ? null : m.Detect,
            "What it hides wherever it is found.");
        _binary = OptionalValue<bool>(
            "binary",
            Words.Boolean,
            m => m.LooksAtBinary ? true : null,
            "true: detect looks also at what the commands scp, rsync, git and sftp-server carry over SSH. The subsystem sftp is left as it is.");
        _with = Defaulted(
            "with",
            new ReplacementShape(),
            m => new Replacement(m.With, m.Fixed),
            "What is shown instead: redact (the default), null, last4, partial, hash, or { fixed: TEXT }.");
        _predicates = Defaulted(
            "predicates",
            new ChoiceShape<bool>([("deny", false), ("allow", true)]),
            m => m.AllowsPredicates,
            "deny (the default): a masked column may stand in no condition, by which its values could be guessed.");
        _unsure = Defaulted(
            "unsure",
            new ChoiceShape<MaskUnsure>([("deny", MaskUnsure.Deny), ("detect", MaskUnsure.Detect)]),
            m => m.Unsure,
            "Where it cannot be known which column or member a value is of: deny (the default), or detect, which looks at every value.");
    }

    protected override void Check(MapValues values, ReadContext context)
    {
        if (!values.Has(_columns) && !values.Has(_json) && !values.Has(_detect))
        {
            context.Report(values.Map, "it hides nothing, add columns, json or detect");
        }

        if (values.Get(_unsure, MaskUnsure.Deny) == MaskUnsure.Detect && !values.Has(_detect))
        {
            context.Report(values.Node(_unsure), "there is nothing to detect, add detect or write deny");
        }

        if (values.Get(_binary, false) && !values.Has(_detect))
        {
            context.Report(values.Node(_binary), "there is nothing to detect, add detect or remove it");
        }
    }

    protected override MaskConfig Build(MapValues values)
    {
        Replacement with = values.Get(_with, new Replacement(MaskStyle.Redact, null));
        return new MaskConfig
        {
            Name = values.Map.Name,
            Columns = values.Get(_columns, []),
            Json = values.Get(_json, []),
            Detect = values.Get(_detect, []),
            LooksAtBinary = values.Get(_binary, false),
            With = with.Style,
            Fixed = with.Fixed,
            AllowsPredicates = values.Get(_predicates, false),
            Unsure = values.Get(_unsure, MaskUnsure.Deny),
        };
    }

    private sealed record Replacement(MaskStyle Style, string? Fixed);

    /// <summary>A word, or <c>{ fixed: TEXT }</c>.</summary>
    private sealed class ReplacementShape : Shape<Replacement>
    {
        private const string Fixed = "fixed";

        // As YAML has it: the word null, unquoted, is no text.
        private const string Null = "null";

        private const string FixedForm = "{ fixed: TEXT }";

        private static readonly (string Word, MaskStyle Style)[] Styles =
            [("redact", MaskStyle.Redact), (Null, MaskStyle.Null), ("last4", MaskStyle.Last4), ("partial", MaskStyle.Partial), ("hash", MaskStyle.Hash)];

        private static readonly ChoiceShape<MaskStyle> Words = new(Styles, orElse: FixedForm);

        private static readonly TextShape Text = Shapes.Words.Text;

        public override JsonObject Schema() => new()
        {
            ["anyOf"] = new JsonArray(
                Words.Schema(),
                new JsonObject { ["type"] = "null" },
                new JsonObject
                {
                    ["type"] = "object",
                    ["properties"] = new JsonObject { [Fixed] = Text.Schema() },
                    ["required"] = new JsonArray(Fixed),
                    ["additionalProperties"] = false,
                }),
        };

        public override JsonNode Write(Replacement value) =>
            value.Fixed is { } text ? new JsonObject { [Fixed] = Text.Write(text) } : Words.Write(value.Style);

        public override bool TryRead(ConfigNode node, ReadContext context, [MaybeNullWhen(false)] out Replacement value)
        {
            value = null;
            if (node is MapNode { Entries: [{ Key: Fixed } only] })
            {
                value = Text.TryRead(only.Value, context, out string? text) ? new Replacement(MaskStyle.Fixed, text) : null;
            }
            else if (node is MapNode)
            {
                context.Report(node, $"expected one of {string.Join(", ", Styles.Select(s => s.Word))}, {FixedForm}");
            }
            else if (node is ScalarNode { ScalarKind: ScalarKind.Null, Text: Null })
            {
                value = new Replacement(MaskStyle.Null, null);
            }
            else
            {
                value = Words.TryRead(node, context, out MaskStyle style) ? new Replacement(style, null) : null;
            }

            return value is not null;
        }
    }
}
