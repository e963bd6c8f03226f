using WireGate.Core.Credentials;

namespace WireGate.Http.Credentials.Tokens;

/// <summary>
/// The token of one login. It is asked for once however many wait, again before it ends while it is still used, and not at once after a failure.
/// For any thread.
/// </summary>
/// <param name="issuer">Who gives it.</param>
/// <param name="secrets">What is shown for it.</param>
/// <param name="secretName">Which of them.</param>
/// <param name="time">The clock.</param>
internal sealed class TokenCache(ITokenIssuer issuer, SecretProvider secrets, string secretName, TimeProvider time)
{
    // Ours: a crowd of requests does not become a crowd of attempts, and a person hardly notices.
    private static readonly TimeSpan FailureKept = TimeSpan.FromSeconds(2);

    // What is sent now is looked at there a little later, by another clock. Of a short one, a part.
    private static readonly TimeSpan LongestMargin = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan Reserve = TimeSpan.FromSeconds(10);

    private readonly Lock _lock = new();
    private Secret? _token;
    private long _issued;
    private TimeSpan _lifetime;
    private string? _failure;
    private long _failed;
    private SharedRound? _round;

    private SharedRound Round => _round ??= new SharedRound(_lock, RunAsync);

    /// <summary>The token.</summary>
    /// <param name="fresh">The upstream did not accept what there was: another is asked for.</param>
    /// <param name="cancellationToken">This caller waits no longer; others may.</param>
    /// <returns>Owned by the caller.</returns>
    /// <exception cref="SecretUnavailableException">It cannot be had.</exception>
    public async ValueTask<Secret> FetchAsync(bool fresh, CancellationToken cancellationToken)
    {
        Task round;
        lock (_lock)
        {
            if (!fresh && TryAnswer() is { } kept)
            {
                return kept;
            }

            round = Round.Join(fresh);
        }

        await round.WaitAsync(cancellationToken);
        lock (_lock)
        {
            return _failure is null && _token is not null ? _token.Clone() : throw new SecretUnavailableException(_failure ?? "there is none");
        }
    }

    private Secret? TryAnswer()
    {
        bool hasFailed = _failure is not null && time.GetElapsedTime(_failed) < FailureKept;
        TimeSpan age = time.GetElapsedTime(_issued);
        if (_token is null || age >= _lifetime - Less(Reserve, _lifetime / 2))
        {
            return hasFailed ? throw new SecretUnavailableException(_failure!) : null;
        }

        if (age >= _lifetime - Less(LongestMargin, _lifetime / 2) && !hasFailed)
        {
            // Nobody has to wait for the one that comes after it.
            Round.Join();
        }

        return _token.Clone();
    }

    private static TimeSpan Less(TimeSpan one, TimeSpan other) => one < other ? one : other;

    /// <summary>Asks, and keeps the answer. Only a defect of ours makes it throw.</summary>
    private async Task RunAsync()
    {
        IssuedToken? issued = null;
        string? failure = "it could not be asked for";
        long asked = time.GetTimestamp();
        try
        {
            issued = await AskAsync();
            failure = null;
        }
        catch (SecretUnavailableException e)
        {
            failure = e.Message;
        }
        catch (TokenRefusedException e)
        {
            failure = e.Message;
        }
        finally
        {
            lock (_lock)
            {
                Round.End();
                _failure = failure;
                _failed = time.GetTimestamp();
                if (issued is { } token)
                {
                    // Counted from before it was asked for: the way there and back is a part of its life.
                    _token?.Dispose();
                    (_token, _issued, _lifetime) = (token.Value, asked, token.Lifetime);
                }
            }
        }
    }

    private async ValueTask<IssuedToken> AskAsync()
    {
        using Secret secret = await secrets.FetchAsync(secretName, fresh: false, CancellationToken.None);
        try
        {
            return await issuer.IssueAsync(secret, CancellationToken.None);
        }
        catch (TokenRefusedException)
        {
            using Secret now = await secrets.FetchAsync(secretName, fresh: true, CancellationToken.None);
            if (now.FixedTimeEquals(secret.Span))
            {
                throw;
            }

            return await issuer.IssueAsync(now, CancellationToken.None);
        }
    }
}
