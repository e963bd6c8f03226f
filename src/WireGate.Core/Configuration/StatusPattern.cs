using System.Globalization;

namespace WireGate.Core.Configuration;

/// <summary>A status of HTTP, <c>404</c>, or a class of them, <c>4xx</c>.</summary>
/// <param name="First">The first that fits.</param>
/// <param name="Last">The last.</param>
public readonly record struct StatusPattern(int First, int Last)
{
    /// <summary>Reads one.</summary>
    public static bool TryParse(string text, out StatusPattern pattern)
    {
        pattern = default;
        if (text is [>= '1' and <= '5' and var of, 'x', 'x'])
        {
            pattern = new StatusPattern((of - '0') * 100, ((of - '0') * 100) + 99);
            return true;
        }

        if (text is not { Length: 3 } || !int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int one) || one is < 100 or > 599)
        {
            return false;
        }

        pattern = new StatusPattern(one, one);
        return true;
    }

    /// <summary>Whether a status fits.</summary>
    public bool Matches(int status) => status >= First && status <= Last;

    /// <inheritdoc/>
    public override string ToString() => First == Last ? First.ToString(CultureInfo.InvariantCulture) : $"{First / 100}xx";
}
