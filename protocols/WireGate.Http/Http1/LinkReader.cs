namespace WireGate.Http.Http1;

/// <summary>Finds the targets of a Link field (RFC 8288 section 3), as strictly as it is written there.</summary>
/// <param name="value">The value of one field line.</param>
internal ref struct LinkReader(ReadOnlySpan<byte> value)
{
    private readonly ReadOnlySpan<byte> _value = value;
    private int _at;

    /// <summary>What was read so far is one, or the beginning of one.</summary>
    public bool IsValid { get; private set; } = true;

    /// <summary>Reads the next link.</summary>
    /// <param name="target">Its URI-reference, without the brackets.</param>
    /// <returns>False: there is none, or it is none.</returns>
    public bool TryNext(out Range target)
    {
        // #link-value: elements of a list may be empty (RFC 9110 section 5.6.1).
        target = default;
        while (_at < _value.Length && _value[_at] is (byte)' ' or (byte)'\t' or (byte)',')
        {
            _at++;
        }

        if (_at == _value.Length)
        {
            return false;
        }

        // link-value = "<" URI-Reference ">" *( OWS ";" OWS link-param )
        // Within the brackets many write what no URI has.
        int length = _value[(_at + 1)..].IndexOfAny((byte)'<', (byte)'>');
        IsValid = _value[_at] == '<' && length >= 0 && _value[_at + 1 + length] == '>';
        target = (_at + 1)..(_at + 1 + Math.Max(0, length));
        _at += length + 2;
        while (IsValid && Next() is var next and not 0 and not (byte)',')
        {
            IsValid = next == ';' && TryReadParameter();
        }

        return IsValid;
    }

    // link-param = token BWS [ "=" BWS ( token / quoted-string ) ]
    private bool TryReadParameter()
    {
        _at++;
        Next();
        int name = Run(Grammar.Token);
        _at += name;
        if (name == 0 || Next() != '=')
        {
            // RFC 8288 appendix B.3 takes an empty one.
            return name > 0 || Next() is 0 or (byte)';' or (byte)',';
        }

        _at++;
        if (Next() == '"')
        {
            return TryReadQuoted();
        }

        // RFC 5988 let a value have a slash or a colon without quotes, and so it is sent.
        int length = Run(Grammar.Unquoted);
        _at += length;
        return length > 0;
    }

    private bool TryReadQuoted()
    {
        for (_at++; _at < _value.Length && _value[_at] != '"'; _at++)
        {
            _at += _value[_at] == '\\' ? 1 : 0;
        }

        return ++_at <= _value.Length;
    }

    private readonly int Run(System.Buffers.SearchValues<byte> of)
    {
        int length = _value[_at..].IndexOfAnyExcept(of);
        return length < 0 ? _value.Length - _at : length;
    }

    /// <returns>What stands behind blanks; 0: nothing.</returns>
    private byte Next()
    {
        while (_at < _value.Length && _value[_at] is (byte)' ' or (byte)'\t')
        {
            _at++;
        }

        return _at < _value.Length ? _value[_at] : (byte)0;
    }
}
