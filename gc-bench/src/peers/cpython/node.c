/* The node as a heap type of CPython's, written as its documentation says: two references, an integer, and unused words behind them, in as many
   types as there are numbers of words. All functions need the GIL. */

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#define MAX_WORDS 8

typedef struct {
    PyObject_HEAD
    PyObject *a;
    PyObject *b;
    long long value;
} Node;

static PyTypeObject *types[MAX_WORDS];
static PyObject *collect_function;
static PyObject *nothing_function;
static PyObject *key;
static size_t live;

static int node_traverse(PyObject *self, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(((Node *)self)->a);
    Py_VISIT(((Node *)self)->b);
    return 0;
}

static int node_clear(PyObject *self)
{
    Py_CLEAR(((Node *)self)->a);
    Py_CLEAR(((Node *)self)->b);
    return 0;
}

static void node_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    Py_TRASHCAN_BEGIN(self, node_dealloc)
    node_clear(self);
    type->tp_free(self);
    live--;
    Py_DECREF(type);
    Py_TRASHCAN_END
}

static PyType_Slot slots[] = {
    {Py_tp_traverse, (void *)node_traverse},
    {Py_tp_clear, (void *)node_clear},
    {Py_tp_dealloc, (void *)node_dealloc},
    {0, NULL},
};

/* Starts the interpreter on this thread. Returns 0, or -1 if there is something wrong with it. */
int gc_bench_start(const char *home)
{
    PyConfig config;
    PyConfig_InitIsolatedConfig(&config);
    config.site_import = 0;
    PyStatus status = PyConfig_SetBytesString(&config, &config.home, home);
    if (!PyStatus_Exception(status)) {
        status = Py_InitializeFromConfig(&config);
    }
    PyConfig_Clear(&config);
    if (PyStatus_Exception(status)) {
        return -1;
    }
    for (int words = 0; words < MAX_WORDS; words++) {
        PyType_Spec spec = {
            .name = "gc_bench.Node",
            .basicsize = (int)(sizeof(Node) + words * sizeof(long long)),
            .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
            .slots = slots,
        };
        types[words] = (PyTypeObject *)PyType_FromSpec(&spec);
        if (types[words] == NULL) {
            return -1;
        }
    }
    PyObject *gc = PyImport_ImportModule("gc");
    PyObject *globals = PyDict_New();
    if (gc == NULL || globals == NULL) {
        return -1;
    }
    collect_function = PyObject_GetAttrString(gc, "collect");
    Py_DECREF(gc);
    PyObject *none = PyRun_String("def nothing(): pass", Py_file_input, globals, globals);
    Py_XDECREF(none);
    nothing_function = Py_XNewRef(PyDict_GetItemString(globals, "nothing"));
    Py_DECREF(globals);
    key = PyUnicode_InternFromString("key");
    return collect_function == NULL || nothing_function == NULL || key == NULL ? -1 : 0;
}

/* A new node, which takes over the references; NULL if memory is refused. */
PyObject *gc_bench_node(PyObject *a, PyObject *b, long long value, int words)
{
    Node *node = PyObject_GC_New(Node, types[words]);
    if (node == NULL) {
        return NULL;
    }
    live++;
    node->a = a;
    node->b = b;
    node->value = value;
    PyObject_GC_Track(node);
    return (PyObject *)node;
}

/* Replaces a reference, and takes over the new one. */
void gc_bench_set(PyObject *node, int second, PyObject *to)
{
    PyObject **place = second ? &((Node *)node)->b : &((Node *)node)->a;
    PyObject *old = *place;
    *place = to;
    Py_XDECREF(old);
}

/* A new node whose references are a list and a dictionary of its own: what an instance with two attributes of these kinds comes to. It takes over the
   references, an item and a value; NULL if memory is refused. */
PyObject *gc_bench_object(PyObject *a, PyObject *b, long long value)
{
    PyObject *items = PyList_New(0);
    PyObject *fields = PyDict_New();
    int failed = items == NULL || fields == NULL;
    failed = failed || (a != NULL && PyList_Append(items, a) < 0);
    failed = failed || (b != NULL && PyDict_SetItem(fields, key, b) < 0);
    Py_XDECREF(a);
    Py_XDECREF(b);
    if (failed) {
        Py_XDECREF(items);
        Py_XDECREF(fields);
        return NULL;
    }
    return gc_bench_node(items, fields, value, 0);
}

/* Replaces such a node's item or value, and takes over the new one. Returns 0, or -1 if memory is refused. */
int gc_bench_object_set(PyObject *node, int second, PyObject *to)
{
    PyObject *items = ((Node *)node)->a;
    PyObject *fields = ((Node *)node)->b;
    int status;
    if (second) {
        status = to != NULL ? PyDict_SetItem(fields, key, to) : PyDict_Contains(fields, key) ? PyDict_DelItem(fields, key) : 0;
    } else {
        status = PyList_SetSlice(items, 0, PyList_GET_SIZE(items), NULL);
        if (status == 0 && to != NULL) {
            status = PyList_Append(items, to);
        }
    }
    Py_XDECREF(to);
    return status;
}

/* Such a node's item or value, borrowed, or NULL. */
PyObject *gc_bench_object_get(PyObject *node, int second)
{
    PyObject *items = ((Node *)node)->a;
    if (second) {
        return PyDict_GetItemWithError(((Node *)node)->b, key);
    }
    return PyList_GET_SIZE(items) > 0 ? PyList_GET_ITEM(items, 0) : NULL;
}

/* A node's reference, borrowed, or NULL. */
PyObject *gc_bench_get(PyObject *node, int second)
{
    return second ? ((Node *)node)->b : ((Node *)node)->a;
}

long long gc_bench_value(PyObject *node)
{
    return ((Node *)node)->value;
}

/* The number of nodes that exist. */
size_t gc_bench_live(void)
{
    return live;
}

/* Collects a generation. Returns 0, or -1. */
int gc_bench_collect(int generation)
{
    PyObject *collected = PyObject_CallFunction(collect_function, "i", generation);
    Py_XDECREF(collected);
    return collected == NULL ? -1 : 0;
}

/* Runs a little bytecode: since 3.12 a collection that is due waits for that. Returns 0, or -1. */
int gc_bench_safepoint(void)
{
    PyObject *none = PyObject_CallNoArgs(nothing_function);
    Py_XDECREF(none);
    return none == NULL ? -1 : 0;
}
