namespace WireGate.Postgres.Startup;

/// <summary>
/// Takes the <c>options</c> parameter apart as the server's pg_split_opts and its getopt do. Of a server's switches only those that
/// set a parameter are understood: <c>-c name=value</c>, <c>-cname=value</c> and <c>--name=value</c>. Every other one is refused.
/// </summary>
internal static class StartupOptions
{
    /// <param name="options">The parameter's value; empty is legal and sets nothing.</param>
    /// <param name="settings">Names (with '-' as '_') and values, in order, in memory of their own.</param>
    /// <returns>False: refused, for a switch that is not one of the three or has no value.</returns>
    public static bool TryParse(
        ReadOnlySpan<byte> options, out List<KeyValuePair<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>>> settings)
    {
        settings = [];
        while (TryTakeArgument(ref options, out byte[] argument))
        {
            ReadOnlyMemory<byte> setting;
            if (argument.AsSpan().StartsWith("--"u8))
            {
                setting = argument.AsMemory(2);
            }
            else if (!argument.AsSpan().StartsWith("-c"u8))
            {
                return false;
            }
            else if (argument.Length > 2)
            {
                setting = argument.AsMemory(2);
            }
            else if (TryTakeArgument(ref options, out byte[] value))
            {
                setting = value;
            }
            else
            {
                return false;
            }

            // The name ends at the first '='. Without one a switch has no value, and the server refuses it too.
            int equals = setting.Span.IndexOf((byte)'=');
            if (equals <= 0)
            {
                return false;
            }

            byte[] name = setting[..equals].ToArray();
            name.AsSpan().Replace((byte)'-', (byte)'_');
            settings.Add(new(name, setting[(equals + 1)..]));
        }

        return true;
    }

    // Arguments are separated by blanks; a backslash makes an ordinary character of the one behind it, and at the very end of the
    // string it is dropped.
    private static bool TryTakeArgument(ref ReadOnlySpan<byte> options, out byte[] argument)
    {
        int start = 0;
        while (start < options.Length && IsSpace(options[start]))
        {
            start++;
        }

        options = options[start..];
        int length = 0;
        int end = 0;
        bool escaped = false;
        for (; end < options.Length && (escaped || !IsSpace(options[end])); end++)
        {
            escaped = !escaped && options[end] == '\\';
            length += escaped ? 0 : 1;
        }

        if (end == 0)
        {
            argument = [];
            return false;
        }

        argument = new byte[length];
        int written = 0;
        escaped = false;
        foreach (byte b in options[..end])
        {
            escaped = !escaped && b == '\\';
            if (!escaped)
            {
                argument[written++] = b;
            }
        }

        options = options[end..];
        return true;
    }

    // isspace() of the C locale.
    private static bool IsSpace(byte b) => b is (byte)' ' or (>= (byte)'\t' and <= (byte)'\r');
}
