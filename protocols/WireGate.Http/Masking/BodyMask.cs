namespace WireGate.Http.Masking;

/// <summary>How a body can be masked.</summary>
internal enum BodyForm
{
    /// <summary>It cannot. The default.</summary>
    Unknown = 0,

    /// <summary>JSON values, one or several: also JSON sequences and watches.</summary>
    Json,

    /// <summary>JSON values, each of a line: NDJSON and its like. Readers begin anew with a line, and so what is cut there must not go on.</summary>
    JsonLines,

    /// <summary>Server-sent events.</summary>
    Events,

    /// <summary>Text: by detectors, line by line.</summary>
    Text,
}

/// <summary>
/// Masks one body after the other, each in the pieces in which it comes, and keeps a few KiB of it at most. Behind the scrubber: what stands for the
/// real secret is hidden before masks show the end of a value, or its hash.
/// </summary>
internal sealed class BodyMask : IDisposable
{
    private readonly MaskOutput _output = new();
    private readonly HiddenText _hidden;
    private readonly JsonMask _json;
    private readonly TextMask _text;
    private readonly EventMask _events;
    private BodyForm _form;

    /// <param name="plan">What is hidden.</param>
    /// <param name="key">Of hashes.</param>
    public BodyMask(MaskPlan plan, ReadOnlyMemory<byte> key)
    {
        _hidden = new HiddenText(key);
        _json = new JsonMask(plan.Paths, new TextSearch(plan.Searches), _hidden);
        _text = new TextMask(new TextSearch(plan.Searches), _hidden);
        _events = new EventMask(_json, _text, plan.NeedsMembers);
    }

    /// <summary>Why nothing more can pass; null: it can.</summary>
    public string? Problem => _events.Problem;

    /// <summary>Begins a body.</summary>
    public void Begin(BodyForm form)
    {
        _form = form;
        _events.Reset();
    }

    /// <summary>Takes the next bytes of it.</summary>
    /// <returns>What may be passed on, also of those before; valid until the next call.</returns>
    public ReadOnlyMemory<byte> Take(ReadOnlySpan<byte> run)
    {
        _output.Clear();
        switch (_form)
        {
            case BodyForm.Json:
                _json.Take(run, _output);
                break;
            case BodyForm.JsonLines:
                TakeLines(run);
                break;
            case BodyForm.Events:
                _events.Take(run, _output);
                break;
            case BodyForm.Text:
                _text.Take(run, _output);
                break;
            default:
                throw new InvalidOperationException("a body of a form that is not known");
        }

        return _output.Written;
    }

    /// <summary>The body has ended.</summary>
    /// <returns>What was kept back of it and may be passed on, unless there is a <see cref="Problem"/>.</returns>
    public ReadOnlyMemory<byte> Rest()
    {
        _output.Clear();
        switch (_form)
        {
            case BodyForm.Json or BodyForm.JsonLines:
                _json.End();
                break;
            case BodyForm.Events:
                _events.End(_output);
                break;
            default:
                _text.EndLine(_output);
                break;
        }

        return _output.Written;
    }

    /// <summary>Gives back the memory that a body needed.</summary>
    public void End()
    {
        _form = BodyForm.Unknown;
        _output.Dispose();
    }

    // The end of a line is between two values, where it passes as it is.
    private void TakeLines(ReadOnlySpan<byte> run)
    {
        for (int length; _json.Problem is null && (length = run.IndexOfAny((byte)'\r', (byte)'\n')) >= 0; run = run[(length + 1)..])
        {
            _json.Take(run[..length], _output);
            _json.End();
            _json.Take(run.Slice(length, 1), _output);
        }

        _json.Take(run, _output);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _output.Dispose();
        _hidden.Dispose();
    }
}
