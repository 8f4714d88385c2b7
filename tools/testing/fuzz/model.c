// SPDX-License-Identifier: GPL-2.0-only
/*
 * The objects of a context by number.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model.h"

/**
 * model_next_id() - the number that a new object gets
 * @model: the model
 * @skip: how many objects get theirs before
 */
uint32_t model_next_id(const struct model *model, unsigned int skip)
{
	uint32_t id;

	for (id = 1; id < MAX_OBJECTS; id++)
		if (model->objects[id].type == OBJECT_NONE && !skip--)
			return id;
	return 0;
}

void model_add(struct model *model, uint32_t id, enum object_type type, void *data)
{
	model->objects[id].type = type;
	model->objects[id].data = data;
}

void model_remove(struct model *model, uint32_t id)
{
	model->objects[id].type = OBJECT_NONE;
	model->objects[id].data = NULL;
}

enum object_type model_type(const struct model *model, uint32_t id)
{
	return id < MAX_OBJECTS ? model->objects[id].type : OBJECT_NONE;
}

/**
 * model_get() - an object of a kind
 * @model: the model
 * @id: any number
 * @type: the kind
 *
 * Return: the object; NULL if the number means nothing or something else.
 */
void *model_get(const struct model *model, uint32_t id, enum object_type type)
{
	return model_type(model, id) == type ? model->objects[id].data : NULL;
}

unsigned int model_count(const struct model *model, enum object_type type)
{
	unsigned int id, nr = 0;

	for (id = 1; id < MAX_OBJECTS; id++)
		nr += model->objects[id].type == type;
	return nr;
}

unsigned int model_objects(const struct model *model)
{
	return MAX_OBJECTS - 1 - model_count(model, OBJECT_NONE);
}

static bool object_is_used(const struct model_object *object)
{
	const struct model_ioas *ioas = object->data;
	const struct model_hwpt *hwpt = object->data;
	const struct model_faults *faults = object->data;

	switch (object->type) {
	case OBJECT_IOAS:
		return ioas->hwpts || ioas->accesses;
	case OBJECT_HWPT:
		return hwpt->users;
	case OBJECT_FAULT:
		return faults->hwpts || faults->fd >= 0;
	case OBJECT_STDEV:
		return false;
	default:
		/* Endpoints belong to the device or the driver. */
		return true;
	}
}

/**
 * model_destroy() - what IOMMU_DESTROY does
 * @model: the model
 * @id: any number
 * @dry: only say what would happen
 *
 * Return: 0, -ENOENT or -EBUSY.
 */
int model_destroy(struct model *model, uint32_t id, bool dry)
{
	struct model_object object;

	if (model_type(model, id) == OBJECT_NONE)
		return -ENOENT;
	object = model->objects[id];
	if (object_is_used(&object))
		return -EBUSY;
	if (dry)
		return 0;
	switch (object.type) {
	case OBJECT_HWPT:
		hwpt_end(model, object.data);
		return 0;
	case OBJECT_STDEV:
		device_end(model, object.data);
		return 0;
	case OBJECT_IOAS:
		if (model->type1 == object.data)
			model->type1 = NULL;
		break;
	default:
		break;
	}
	model_remove(model, id);
	free(object.data);
	return 0;
}

static void free_object(struct model *model, uint32_t id)
{
	struct model_object *object = &model->objects[id];
	struct model_device *device = object->data;

	/* A device and its endpoint are one. */
	if (object->type == OBJECT_STDEV) {
		if (!--device->group->devices)
			free(device->group);
		model_remove(model, device->devid);
	}
	if (object->type != OBJECT_DEVICE) {
		free(object->data);
		model_remove(model, id);
	}
}

/**
 * model_clear() - forget everything: the context is closed
 * @model: the model
 */
void model_clear(struct model *model)
{
	uint32_t id;

	for (id = 1; id < MAX_OBJECTS; id++)
		free_object(model, id);
	memset(model, 0, sizeof(*model));
}
