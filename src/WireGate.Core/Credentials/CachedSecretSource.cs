namespace WireGate.Core.Credentials;

/// <summary>
/// Keeps what an expensive source gave for a while, asks it once however many wait, and does not ask again at once after a failure.
/// </summary>
/// <param name="source">Who is asked.</param>
/// <param name="refresh">How long an answer is used.</param>
/// <param name="time">The clock.</param>
internal sealed class CachedSecretSource(ISecretSource source, TimeSpan refresh, TimeProvider time) : ISecretSource, IDisposable
{
    // Ours: long enough that a crowd of sessions does not start a crowd of failing commands, too short for a person to notice.
    private static readonly TimeSpan FailureKept = TimeSpan.FromSeconds(2);

    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _stopping = new();
    private Secret? _value;
    private string? _failure;
    private long _answered;
    private SharedRound? _round;

    private SharedRound Round => _round ??= new SharedRound(_lock, RunAsync);

    /// <inheritdoc/>
    public async ValueTask<Secret> FetchAsync(bool fresh, CancellationToken cancellationToken)
    {
        Task round;
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_stopping.IsCancellationRequested, this);
            if (!fresh && TryAnswer() is { } kept)
            {
                return kept;
            }

            round = Round.Join(fresh);
        }

        await round.WaitAsync(cancellationToken);
        lock (_lock)
        {
            return _value?.Clone() ?? throw new SecretUnavailableException(_failure ?? "it is no longer configured");
        }
    }

    /// <summary>Erases the value and stops what is running.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _stopping.Cancel();
            _value?.Dispose();
            _value = null;
        }
    }

    private Secret? TryAnswer()
    {
        TimeSpan age = time.GetElapsedTime(_answered);
        return _value is not null && age < refresh ? _value.Clone()
            : _failure is not null && age < FailureKept ? throw new SecretUnavailableException(_failure)
            : null;
    }

    /// <summary>Asks the source and keeps the answer. Only a defect of ours makes it throw.</summary>
    private async Task RunAsync()
    {
        Secret? value = null;
        string? failure = null;
        try
        {
            value = await source.FetchAsync(fresh: true, _stopping.Token);
        }
        catch (SecretUnavailableException e)
        {
            failure = e.Message;
        }
        catch (OperationCanceledException)
        {
            failure = "it is no longer configured";
        }
        finally
        {
            lock (_lock)
            {
                _value?.Dispose();
                _value = value;
                _failure = failure;
                _answered = time.GetTimestamp();
                Round.End();
                if (_stopping.IsCancellationRequested)
                {
                    _value?.Dispose();
                    _value = null;
                }
            }
        }
    }
}
