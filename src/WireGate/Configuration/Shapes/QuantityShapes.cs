using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json.Nodes;

namespace WireGate.Configuration.Shapes;

/// <summary>A whole number with a unit, like <c>15m</c> or <c>16MiB</c>.</summary>
internal abstract class QuantityShape<T>(string expected, IReadOnlyList<(string Unit, long Factor)> units, long least, long most)
    : TextualShape<T>
    where T : notnull
{
    protected sealed override string Expected =>
        $"{expected} from {Format(least)} to {Format(most)} ({string.Join(", ", units.Select(u => u.Unit))})";

    protected sealed override string NotTextHint => "add the unit";

    public sealed override JsonObject Schema() => new()
    {
        ["type"] = "string",
        ["pattern"] = $"^(0|[1-9][0-9]{{0,17}})({string.Join('|', units.Select(u => u.Unit))})$",
    };

    public sealed override JsonNode Write(T value) => JsonValue.Create(Format(ToUnits(value)));

    protected abstract T FromUnits(long value);

    protected abstract long ToUnits(T value);

    protected sealed override bool TryRead(ScalarNode node, ReadContext context, [MaybeNullWhen(false)] out T value)
    {
        value = default;
        int digits = node.Text.AsSpan().IndexOfAnyExceptInRange('0', '9');
        long factor = digits > 0 ? units.FirstOrDefault(u => u.Unit == node.Text[digits..]).Factor : 0;
        if (factor == 0
            || (digits > 1 && node.Text[0] == '0')
            || !long.TryParse(node.Text.AsSpan(0, digits), NumberStyles.None, CultureInfo.InvariantCulture, out long number)
            || number > most / factor
            || number * factor < least)
        {
            context.Report(node, $"expected {Expected}");
            return false;
        }

        value = FromUnits(number * factor);
        return true;
    }

    /// <summary>In the largest unit that leaves no rest.</summary>
    private string Format(long value)
    {
        (string unit, long factor) = units.Where(u => value % u.Factor == 0 && value >= u.Factor).DefaultIfEmpty(units[0]).MaxBy(u => u.Factor);
        return (value / factor).ToString(CultureInfo.InvariantCulture) + unit;
    }
}

/// <summary>A span of time, counted in milliseconds.</summary>
internal sealed class DurationShape(TimeSpan least, TimeSpan most) : QuantityShape<TimeSpan>(
    "a duration",
    [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)],
    (long)least.TotalMilliseconds,
    (long)most.TotalMilliseconds)
{
    protected override TimeSpan FromUnits(long value) => TimeSpan.FromMilliseconds(value);

    protected override long ToUnits(TimeSpan value) => (long)value.TotalMilliseconds;
}

/// <summary>A number of bytes.</summary>
internal sealed class SizeShape(int least, int most) : QuantityShape<int>(
    "a size", [("B", 1), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30)], least, most)
{
    protected override int FromUnits(long value) => (int)value;

    protected override long ToUnits(int value) => value;
}

/// <summary>A whole number without a unit.</summary>
internal sealed class CountShape(int least, int most) : Shape<int>
{
    public override JsonObject Schema() => new() { ["type"] = "integer", ["minimum"] = least, ["maximum"] = most };

    public override JsonNode Write(int value) => JsonValue.Create(value);

    public override bool TryRead(ConfigNode node, ReadContext context, out int value)
    {
        value = 0;

        // The leading zero of an octal number means ten to some readers of YAML and eight to others.
        if (node is ScalarNode { ScalarKind: ScalarKind.Number } scalar
            && !(scalar.Text.Length > 1 && scalar.Text[0] == '0')
            && int.TryParse(scalar.Text, NumberStyles.None, CultureInfo.InvariantCulture, out value)
            && value >= least
            && value <= most)
        {
            return true;
        }

        context.Report(node, $"expected a whole number from {least} to {most}");
        return false;
    }
}

/// <summary><c>true</c> or <c>false</c>, not quoted.</summary>
internal sealed class BooleanShape : Shape<bool>
{
    public override JsonObject Schema() => new() { ["type"] = "boolean" };

    public override JsonNode Write(bool value) => JsonValue.Create(value);

    public override bool TryRead(ConfigNode node, ReadContext context, out bool value)
    {
        value = false;
        if (node is not ScalarNode { ScalarKind: ScalarKind.Boolean } scalar)
        {
            context.Report(node, $"expected true or false, found {node.Kind}");
            return false;
        }

        value = scalar.Text is "true" or "True" or "TRUE";
        return true;
    }
}

/// <summary>Permission bits in quoted octal, <c>"0660"</c>: unquoted, half of YAML's readers take it for six hundred and sixty.</summary>
internal sealed class ModeShape : TextualShape<UnixFileMode>
{
    protected override string Expected => "permission bits in quotes, like \"0660\"";

    public override JsonObject Schema() => new() { ["type"] = "string", ["pattern"] = "^0[0-7]{3}$" };

    public override JsonNode Write(UnixFileMode value) =>
        JsonValue.Create("0" + Convert.ToString((int)value, 8).PadLeft(3, '0'));

    protected override bool TryRead(ScalarNode node, ReadContext context, out UnixFileMode value)
    {
        value = UnixFileMode.None;
        if (node.Text is not ['0', _, _, _] || node.Text.AsSpan().ContainsAnyExceptInRange('0', '7'))
        {
            context.Report(node, $"expected {Expected}");
            return false;
        }

        value = (UnixFileMode)Convert.ToInt32(node.Text, 8);
        return true;
    }
}
