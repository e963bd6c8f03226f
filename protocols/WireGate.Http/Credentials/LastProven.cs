using WireGate.Core.Credentials;

namespace WireGate.Http.Credentials;

/// <summary>
/// The placeholder that was proven last on a connection, so that the next request with it costs a comparison and no HMAC, which took a tenth of the
/// time of a short request. Whether it is still accepted is asked each time.
/// </summary>
/// <param name="store">Proves the others.</param>
internal sealed class LastProven(IPlaceholderStore store) : IDisposable
{
    private Secret? _token;
    private Placeholder? _proven;

    /// <summary>Proves a token.</summary>
    /// <param name="token">As long as a token is.</param>
    /// <param name="placeholder">Whom it names, as the store has it now; null: nobody.</param>
    /// <returns>False: whoever presents it has no part in that.</returns>
    public bool TryProve(ReadOnlySpan<byte> token, out Placeholder? placeholder)
    {
        bool isSame = _token is not null && _token.FixedTimeEquals(token);
        placeholder = isSame ? store.Find(PlaceholderToken.IdOf(token)) : PlaceholderToken.TryParse(token, out ReadOnlySpan<byte> id) ? store.Find(id) : null;
        if (isSame && placeholder is not null && ReferenceEquals(placeholder.Proof, _proven!.Proof))
        {
            return true;
        }

        bool isProven = store.Verify(placeholder, token);
        if (isProven)
        {
            _token?.Dispose();
            (_token, _proven) = (Secret.CopyOf(token), placeholder);
        }

        return isProven;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _token?.Dispose();
        (_token, _proven) = (null, null);
    }
}
